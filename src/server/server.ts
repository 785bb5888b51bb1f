import type { KeyObject } from 'node:crypto';
import cors from '@fastify/cors';
import rateLimit, { normalizeIP } from '@fastify/rate-limit';
import fastify, { type FastifyInstance, type FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import type { Wallet } from '../engine/wallet.js';
import { type ApiKeys, allow, type Scope } from './auth.js';
import { compilersFactory } from './compilers.js';
import { boundConnections, refuseConnection } from './connections.js';
import { endConnectionsWhenStopping, refuseWhenStopping } from './drain.js';
import { answerFailures, sendProblem } from './failures.js';
import { chooseFormat, type Inspect, readBodies } from './formats.js';
import { logHeld, logIncidents } from './incidents.js';
import { boundLargeBodies } from './large-bodies.js';
import { Turns } from './late.js';
import { limits } from './limits.js';
import { logging, openLog } from './log.js';
import { measure } from './metrics/measure.js';
import { Metrics } from './metrics/metrics.js';
import { describeRoutes } from './openapi/document.js';
import type { Doors } from './operation.js';
import { Problem } from './problems.js';
import { accountRoutes } from './routes/accounts.js';
import { creditRoutes } from './routes/credits.js';
import { entitlementRoutes } from './routes/entitlements.js';
import { healthRoute, metricsRoute } from './routes/health.js';
import { historyRoutes } from './routes/history.js';
import { itemRoutes } from './routes/items.js';
import { orderRoutes } from './routes/orders.js';
import { type Callbacks, paymentRoutes } from './routes/payments.js';
import { playerRoutes } from './routes/players.js';
import { batchRoute, transactionRoutes } from './routes/transactions.js';
import { treasuryRoutes } from './routes/treasury.js';
import { createUsersRoute, userRoutes } from './routes/users.js';
import type { LogLevel } from './settings.js';
import { signedBy } from './signatures.js';
import { type Tokens, tokensOf } from './tokens.js';
import type { WebhookSecrets } from './webhooks.js';

/** What `createServer` gives: it can listen, be drained and be closed. */
export type Server = FastifyInstance;

/** Who may call, and what the server says of itself. */
export interface ServerOptions {
  /** The version that `/health` tells. */
  readonly version: string;
  /** What players' tokens are signed with: at least 32 bytes that nobody can guess. */
  readonly tokenSecret: string;
  /** Keys of the services that may call; absent: everybody may. */
  readonly apiKeys?: ApiKeys;
  /** With it the routes of the wallet protocol demand a signature in place of a key. */
  readonly hub88PublicKey?: KeyObject;
  /** Keys of the payment providers whose callbacks are taken. */
  readonly webhookSecrets?: WebhookSecrets;
  /** Players may add to their own balance with `/top-up`. */
  readonly selfTopUp?: boolean;
  /** Origins whose pages may call. */
  readonly origins?: readonly string[];
  /** Logins and signups from one address in a minute; 0: any number. */
  readonly loginsAMinute?: number;
  /**
   * Proxies in front, as addresses, ranges (`10.0.0.0/8`) or `loopback`, `linklocal`, `uniquelocal`:
   * what they say in `X-Forwarded-For` is whose address it is. Absent: who is connected.
   */
  readonly trustedProxies?: readonly string[];
  /** Default `warn`; from `info` on every request is logged, which costs speed. */
  readonly logLevel?: LogLevel;
}

/** What no caller may change. */
const fixed = {
  bodyLimit: limits.body_bytes,
  requestTimeout: limits.request_timeout_ms,
  keepAliveTimeout: limits.keep_alive_timeout_ms,
  http: {
    maxHeaderSize: limits.header_bytes,
    headersTimeout: limits.headers_timeout_ms,
    requestTimeout: limits.request_timeout_ms,
    connectionsCheckingInterval: limits.connections_check_ms,
  },
  routerOptions: { maxParamLength: limits.path_parameter_bytes },
  ajv: {
    customOptions: {
      coerceTypes: false,
      removeAdditional: false,
      // A member may be of a type or null.
      allowUnionTypes: true,
    },
  },
  schemaController: { compilersFactory },
  clientErrorHandler: refuseConnection,
} as const;

/** The HTTP surface of an open wallet; it does not listen yet, and closing it leaves the wallet open. */
export function createServer(wallet: Wallet, options: ServerOptions): FastifyInstance {
  const log = openLog(options.logLevel);
  const fail = answerFailures(log);
  const trustProxy = [...(options.trustedProxies ?? [])];
  const app = fastify({
    ...fixed,
    ...logging(log),
    frameworkErrors: fail,
    ...(trustProxy.length > 0 && { trustProxy }),
  });
  boundConnections(app.server, log);
  logIncidents(app, wallet, log);
  const metrics = new Metrics(wallet, options.webhookSecrets?.keys() ?? []);
  app.setErrorHandler(fail);
  app.decorateRequest('caller', undefined);
  readBodies(app);
  endConnectionsWhenStopping(app);
  measure(app, metrics);
  const nowhere = metrics.route('none', 'none');
  app.setNotFoundHandler((request, reply) => {
    nowhere.count(404, request.arrived_ms);
    sendProblem(reply, new Problem('not_found'));
  });
  if (options.origins !== undefined) allowOrigins(app, options.origins);
  app.register(async (inner) => {
    await describeRoutes(inner, options.version);
    addRoutes(inner, wallet, options, metrics, log);
  });
  return app;
}

function addRoutes(
  app: FastifyInstance,
  wallet: Wallet,
  options: ServerOptions,
  metrics: Metrics,
  log: Logger,
): void {
  healthRoute(app, wallet, options.version);
  app.register(async (inner) => {
    refuseWhenStopping(inner);
    scope(inner, options, undefined, (open) => metricsRoute(open, metrics));
    inner.register(async (bounded) => {
      const turns = new Turns(bounded);
      boundLargeBodies(bounded);
      walletRoutes(bounded, wallet, options, turns);
      resourceRoutes(bounded, wallet, options, callbacksOf(options, metrics, log));
    });
  });
}

function callbacksOf({ webhookSecrets }: ServerOptions, metrics: Metrics, log: Logger): Callbacks {
  return {
    secrets: webhookSecrets ?? new Map(),
    heard: (provider, event, outcome) => {
      metrics.callbacks.count(provider, outcome);
      logHeld(log, provider, event, outcome);
    },
  };
}

/** The wallet protocol. With the resources it may be refused for want of time, unlike `/health`. */
function walletRoutes(
  app: FastifyInstance,
  wallet: Wallet,
  options: ServerOptions,
  turns: Turns,
): void {
  scope(app, options, 'wallet', (inner) => createUsersRoute(inner, wallet));
  protocolScope(app, options, (inner, inspect) => {
    transactionRoutes(inner, wallet);
    userRoutes(inner, wallet);
    inner.register(async (lists) => {
      turns.refuseLists(lists, wallet, inspect);
      batchRoute(lists, wallet);
    });
  });
}

/** Routes for services and players alike. */
function resourceRoutes(
  app: FastifyInstance,
  wallet: Wallet,
  options: ServerOptions,
  callbacks: Callbacks,
): void {
  const tokens: Tokens = tokensOf(options.tokenSecret);
  const doors: Doors = { keys: options.apiKeys, readToken: tokens.read };
  playerRoutes(app, doors, wallet);
  creditRoutes(app, doors, wallet);
  historyRoutes(app, doors, wallet);
  itemRoutes(app, doors, wallet);
  orderRoutes(app, doors, wallet);
  entitlementRoutes(app, doors, wallet);
  paymentRoutes(app, doors, wallet, callbacks);
  treasuryRoutes(app, doors, wallet);
  const { selfTopUp = false, loginsAMinute = limits.logins_a_minute } = options;
  const guarded = (inner: FastifyInstance) => limitLogins(inner, loginsAMinute);
  accountRoutes(app, doors, wallet, { tokens, selfTopUp, guarded });
}

/** Who tries passwords is slowed down: by address, all routes of the scope together. */
async function limitLogins(app: FastifyInstance, max: number): Promise<void> {
  if (max === 0) return;
  const shared = { timeWindow: 60_000, groupId: 'passwords', keyGenerator: addressInWindow() };
  await app.register(rateLimit, { max, ...shared } as never);
}

/**
 * The limit's windows end by the machine's clock: after that was put back they would not before it has
 * caught up. So others begin.
 */
function addressInWindow(): (request: FastifyRequest) => string {
  let [last_ms, steps] = [0, 0];
  return (request) => {
    const now_ms = Date.now();
    if (now_ms < last_ms) steps += 1;
    last_ms = now_ms;
    return `${steps} ${addressOf(request)}`;
  };
}

const withPort = /^(?:(\d+(?:\.\d+){3})|\[([^\]]*)\]):\d+$/;

/** Some proxies name a caller's port too, which is another one each time. */
function addressOf({ ip }: FastifyRequest): string {
  const [, v4, v6] = withPort.exec(ip) ?? [];
  return normalizeIP(v4 ?? v6 ?? ip);
}

function allowOrigins(app: FastifyInstance, origins: readonly string[]): void {
  app.register(cors, {
    origin: [...origins],
    methods: ['GET', 'POST', 'PUT'],
    allowedHeaders: [
      'Authorization',
      'Content-Type',
      'Idempotency-Key',
      'If-Match',
      'If-None-Match',
    ],
    exposedHeaders: ['ETag', 'Idempotent-Replayed', 'Retry-After'],
    maxAge: 600,
    // What is no preflight would be refused as plain text.
    strictPreflight: false,
  });
}

type AddRoutes = (scope: FastifyInstance, inspect?: Inspect) => void;

/** Routes for services whose key has the scope; without keys for everybody. */
function scope(
  app: FastifyInstance,
  { apiKeys }: ServerOptions,
  needed: Scope | undefined,
  addRoutes: AddRoutes,
): void {
  app.register(async (inner) => {
    if (apiKeys !== undefined) inner.addHook('onRequest', allow(apiKeys, needed));
    if (needed !== undefined) inner.addHook('onRequest', chooseFormat);
    addRoutes(inner);
  });
}

/** The routes that an aggregator calls: with its public key known, the signature says who calls. */
function protocolScope(app: FastifyInstance, options: ServerOptions, addRoutes: AddRoutes): void {
  const { apiKeys, hub88PublicKey } = options;
  const inspect = hub88PublicKey === undefined ? undefined : signedBy(hub88PublicKey);
  app.register(async (inner) => {
    if (inspect !== undefined) readBodies(inner, inspect);
    else if (apiKeys !== undefined) inner.addHook('onRequest', allow(apiKeys, 'wallet'));
    inner.addHook('onRequest', chooseFormat);
    addRoutes(inner, inspect);
  });
}
