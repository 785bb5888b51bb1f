import type { KeyObject } from 'node:crypto';
import fastify, { type FastifyInstance } from 'fastify';
import type { Wallet } from '../engine/wallet.js';
import { type ApiKeys, allow, type Scope } from './auth.js';
import { refuseConnection } from './connections.js';
import { answerFailures, sendProblem } from './failures.js';
import { chooseFormat, readBodies } from './formats.js';
import { limits } from './limits.js';
import { type LogLevel, logging, openLog } from './log.js';
import { measure } from './metrics/measure.js';
import { Metrics } from './metrics/metrics.js';
import { Problem } from './problems.js';
import { healthRoute, metricsRoute } from './routes/health.js';
import { playerRoutes } from './routes/players.js';
import { batchRoute, transactionRoutes } from './routes/transactions.js';
import { createUsersRoute, userRoutes } from './routes/users.js';
import { signedBy } from './signatures.js';

/** What `createServer` gives: it can listen, be drained and be closed. */
export type Server = FastifyInstance;

/** Who may call, and what the server says of itself. */
export interface ServerOptions {
  /** The version that `/health` tells. */
  readonly version: string;
  /** Keys of the services that may call; absent: everybody may. */
  readonly apiKeys?: ApiKeys;
  /** With it the routes of the wallet protocol demand a signature in place of a key. */
  readonly hub88PublicKey?: KeyObject;
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
  ajv: { customOptions: { coerceTypes: false, removeAdditional: false } },
  clientErrorHandler: refuseConnection,
} as const;

/** The HTTP surface of an open wallet; it does not listen yet, and closing it leaves the wallet open. */
export function createServer(wallet: Wallet, options: ServerOptions): FastifyInstance {
  const log = openLog(options.logLevel);
  const fail = answerFailures(log);
  const app = fastify({ ...fixed, ...logging(log), frameworkErrors: fail });
  const metrics = new Metrics(() => wallet.health());
  app.setErrorHandler(fail);
  app.setNotFoundHandler((_request, reply) => sendProblem(reply, new Problem('not_found')));
  readBodies(app);
  measure(app, metrics);

  healthRoute(app, wallet, options.version);
  scope(app, options, undefined, (inner) => metricsRoute(inner, metrics));
  scope(app, options, 'wallet', (inner) => {
    createUsersRoute(inner, wallet);
    playerRoutes(inner, wallet);
  });
  protocolScope(app, options, (inner) => {
    transactionRoutes(inner, wallet);
    batchRoute(inner, wallet);
    userRoutes(inner, wallet);
  });
  return app;
}

type AddRoutes = (scope: FastifyInstance) => void;

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
  app.register(async (inner) => {
    if (hub88PublicKey !== undefined) readBodies(inner, signedBy(hub88PublicKey));
    else if (apiKeys !== undefined) inner.addHook('onRequest', allow(apiKeys, 'wallet'));
    inner.addHook('onRequest', chooseFormat);
    addRoutes(inner);
  });
}
