import type { FastifyInstance, FastifyReply, FastifyRequest, HTTPMethods } from 'fastify';
import type { Outcome, RequestOptions } from '../engine/economy.js';
import type { ApiKeys } from './auth.js';
import { type Access, admit, type Caller, playerIn, type ReadToken } from './caller.js';
import { idempotencyKeyOf, ifMatchOf } from './conditions.js';
import { limits } from './limits.js';
import type { HeaderParameter } from './openapi/headers.js';
import { Problem, type ProblemCode } from './problems.js';

type Schema = Readonly<Record<string, unknown>>;

/** What the OpenAPI document tells of a route beside its schemas. */
interface Described {
  readonly id: string;
  readonly tag: string;
  readonly summary: string;
  readonly description?: string;
  /** Problems that this route can answer, beside those that follow from the rest. */
  readonly problems?: readonly ProblemCode[];
  /** An example of each answer, by its status. */
  readonly examples: Readonly<Record<number, unknown>>;
  readonly bodyExample?: unknown;
  /** The schema of a body that the engine judges, not the route. */
  readonly documentedBody?: Schema;
  /** Headers that decide the answer, beside key and condition. */
  readonly headers?: readonly HeaderParameter[];
  /** Of the answers; JSON unless it is said. */
  readonly mediaType?: string;
  /** Answers can be MessagePack too; bodies can everywhere. */
  readonly answersMessagePack?: true;
  /** Errors carry the member `error` too, which a front end reads. */
  readonly alsoError?: true;
}

/** A route of the resources: who may use it, what it takes and what it answers. */
export interface Operation extends Described {
  readonly method: HTTPMethods;
  readonly url: string;
  /** Absent: everybody. */
  readonly access?: Access;
  readonly key?: 'required' | 'optional';
  /** It is for a player's own token: a service has no account of its own. */
  readonly tokenOnly?: true;
  /** Whether `If-Match` names the player's version. */
  readonly condition?: true;
  /** Nothing that is answered has a version, so there is no `ETag`. */
  readonly unversioned?: true;
  /** What changes nothing is told to be a replay, without a key too. */
  readonly replays?: true;
  readonly body?: Schema;
  /** Where a body may be no longer than this; where players may call it is short. */
  readonly bodyLimit?: number;
  /** An absent or empty body is `{}`. */
  readonly bodyOptional?: true;
  readonly query?: Schema;
  readonly answers: Readonly<Record<number, Schema>>;
}

/** What a handler gets: everything is checked but what the engine decides. */
export interface Asked<Body, Query> {
  /** The player of the path; empty where it names none. */
  readonly player: string;
  readonly params: Readonly<Record<string, string>>;
  readonly body: Body;
  readonly query: Query;
  readonly options: RequestOptions;
  readonly caller: Caller;
  readonly request: FastifyRequest;
}

/** What a handler resolves to: an outcome, and its status when it is not the first one. */
export interface Answered {
  readonly outcome: Outcome<unknown>;
  readonly status?: number;
}

export interface Doors {
  readonly keys: ApiKeys | undefined;
  readonly readToken: ReadToken;
}

const DOCUMENTATION = '/docs';

/** Adds the route of an operation. */
export function addOperation<Body = unknown, Query = unknown>(
  app: FastifyInstance,
  doors: Doors,
  operation: Operation,
  handle: (asked: Asked<Body, Query>) => Promise<Answered>,
): void {
  const { method, url, access, key, body, bodyOptional, query, answers } = operation;
  const { bodyLimit = access?.self === true ? limits.player_body_bytes : limits.body_bytes } =
    operation;
  const [success = '200'] = Object.keys(answers);
  note(operation);
  app.route<{ Params: Record<string, string> }>({
    method,
    url,
    config: { operation },
    bodyLimit,
    schema: {
      ...(body !== undefined && { body }),
      ...(query !== undefined && { querystring: query }),
      response: answers,
    },
    onRequest: [
      ...(access === undefined ? [] : [admit(doors.keys, doors.readToken, access)]),
      ...(key === 'required' ? [demandKey] : []),
    ],
    preValidation: bodyOptional === true ? [fillBody] : [],
    handler: async (request, reply) => {
      const asked = askedOf<Body, Query>(request, operation);
      const { outcome, status } = await handle(asked);
      return answer(reply, outcome, status ?? Number(success));
    },
  });
}

function demandKey(request: FastifyRequest, _reply: unknown, done: (error?: Error) => void): void {
  try {
    if (idempotencyKeyOf(request) !== undefined) done();
    else {
      const members = { documentation: DOCUMENTATION };
      done(new Problem('idempotency_key_missing', undefined, members));
    }
  } catch (error) {
    done(error as Error);
  }
}

function fillBody(request: FastifyRequest, _reply: unknown, done: () => void): void {
  if (request.body === undefined) request.body = {};
  done();
}

function askedOf<Body, Query>(
  request: FastifyRequest<{ Params: Record<string, string> }>,
  { key, condition, access }: Operation,
): Asked<Body, Query> {
  const { params, body, query, caller = nobody } = request;
  const idempotencyKey = key === undefined ? undefined : idempotencyKeyOf(request);
  const ifMatch = condition === undefined ? undefined : ifMatchOf(request);
  const options = {
    by: caller.kind === 'player' ? 'player' : access?.scope === 'admin' ? 'admin' : 'service',
    ...(idempotencyKey !== undefined && { idempotencyKey }),
    ...(ifMatch !== undefined && { ifMatch }),
  };
  return {
    player: params['id'] === undefined ? '' : playerIn(caller, params['id']),
    params,
    body: (body ?? {}) as Body,
    query: query as Query,
    options: options as RequestOptions,
    caller,
    request,
  };
}

const nobody: Caller = { kind: 'service', scopes: new Set() };

/** Sends an outcome: the one place where a refusal of the engine becomes a problem. */
function answer(reply: FastifyReply, outcome: Outcome<unknown>, status: number): unknown {
  if (!outcome.ok) throw new Problem(outcome.code, undefined, outcome.members);
  reply.code(status);
  if (outcome.version > 0) reply.header('etag', `"${outcome.version}"`);
  if (outcome.replayed) reply.header('idempotent-replayed', 'true');
  return outcome.value;
}

const noted = new Map<string, Operation>();
/** Every operation that was added, by its method and path as the document writes them. */
export const operations: ReadonlyMap<string, Operation> = noted;

function note(operation: Operation): void {
  const path = operation.url.replace(/:(\w+)/g, '{$1}');
  noted.set(`${String(operation.method).toLowerCase()} ${path}`, operation);
}

/** Describes a route that answers by itself; the result is the route's `config`. */
export function described(answered: Operation): { readonly operation: Operation } {
  const operation = { ...answered, unversioned: true } as const;
  note(operation);
  return { operation };
}

/** What is no request to a player's partition, as an outcome. */
export function plain(value: unknown): Answered {
  return { outcome: { ok: true, value, replayed: false, version: 0 } };
}

declare module 'fastify' {
  interface FastifyContextConfig {
    operation?: Operation;
  }
}
