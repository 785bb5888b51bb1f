import type { FastifyReply, FastifyRequest } from 'fastify';
import { type ApiKeys, allows, bearerOf, findKey, lackOf, type Scope, unknownKey } from './auth.js';
import { Problem } from './problems.js';

/** Who sent a request: a service with its scopes, or a player with a token. */
export type Caller =
  | { readonly kind: 'service'; readonly scopes: ReadonlySet<Scope> }
  | { readonly kind: 'player'; readonly player: string };

declare module 'fastify' {
  interface FastifyRequest {
    caller: Caller | undefined;
  }
}

/** The player that a token names; throws for every other token. */
export type ReadToken = (token: string) => string;

/** Who may use a route. */
export interface Access {
  /** What a service's key must allow. */
  readonly scope: Scope;
  /** Whether a player may, for what is the player's own. */
  readonly self?: true;
}

const everything: Caller = { kind: 'service', scopes: new Set(['admin']) };
const jwtForm = /^[\w-]+\.[\w-]*\.[\w-]*$/;

/** Finds out who calls. Without keys everybody is a service; a token still means its player. */
function callerOf(
  request: FastifyRequest,
  keys: ApiKeys | undefined,
  readToken: ReadToken,
): Caller {
  const token = bearerOf(request);
  const key = token === undefined || keys === undefined ? undefined : findKey(keys, token);
  if (key !== undefined) return { kind: 'service', scopes: key.scopes };
  if (token !== undefined && jwtForm.test(token))
    return { kind: 'player', player: readToken(token) };
  if (keys === undefined) return everything;
  if (token === undefined) throw new Problem('unauthenticated');
  throw unknownKey();
}

/** Refuses who may not use a route. */
function refuseOthers(caller: Caller, { scope, self }: Access): void {
  if (may(caller, scope)) return;
  if (caller.kind === 'service') throw lackOf(scope);
  if (self !== true) throw new Problem('forbidden', 'Players may not do this.');
}

export function may(caller: Caller, scope: Scope): boolean {
  return caller.kind === 'service' && allows(caller.scopes, scope);
}

/** The player that a path is about: `me` is the caller, and a player reaches nobody else. */
export function playerIn(caller: Caller, id: string): string {
  if (caller.kind === 'service') return id;
  if (id !== 'me' && id !== caller.player) throw new Problem('player_not_found');
  return caller.player;
}

/** An `onRequest` hook that finds out who calls, and refuses who may not. */
export function admit(keys: ApiKeys | undefined, readToken: ReadToken, access: Access) {
  return (request: FastifyRequest, _reply: FastifyReply, done: (error?: Error) => void): void => {
    try {
      request.caller = callerOf(request, keys, readToken);
      refuseOthers(request.caller, access);
      done();
    } catch (error) {
      done(error as Error);
    }
  };
}
