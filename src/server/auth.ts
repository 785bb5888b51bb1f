import { hash, timingSafeEqual } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import { Problem } from './problems.js';

const scopes = ['wallet', 'credits', 'orders', 'admin'] as const;

/** What a service may do; `admin` may do all. */
export type Scope = (typeof scopes)[number];

/** The keys of the services that may call, kept as hashes alone. */
export type ApiKeys = readonly ApiKey[];

interface ApiKey {
  readonly digest: Buffer;
  readonly scopes: ReadonlySet<Scope>;
  /** Too short for a server that others reach. */
  readonly isShort: boolean;
}

export const SHORTEST_KEY_BYTES = 16;
/** What a header carries as it is, and nothing between two keys. */
const keyForm = /^[\x21-\x2b\x2d-\x7e]+$/;

/** Reads `KEY:scope+scope,KEY:scope`; throws an Error whose message names no key. */
export function readApiKeys(text: string): ApiKeys {
  return text.split(',').map((item, index) => {
    const end = item.lastIndexOf(':');
    const key = item.slice(0, end).trim();
    if (end < 1 || key === '') throw new Error(`entry ${index + 1} is not KEY:scope+scope`);
    if (!keyForm.test(key)) {
      throw new Error(`entry ${index + 1} has a key that is not of visible ASCII characters`);
    }
    const isShort = key.length < SHORTEST_KEY_BYTES;
    return {
      digest: digestOf(key),
      scopes: new Set(scopesOf(item.slice(end + 1), index)),
      isShort,
    };
  });
}

function scopesOf(text: string, index: number): Scope[] {
  return text.split('+').map((name) => {
    const scope = scopes.find((known) => known === name.trim());
    if (scope !== undefined) return scope;
    throw new Error(`entry ${index + 1} has a scope that is none of ${scopes.join(', ')}`);
  });
}

function digestOf(key: string): Buffer {
  return hash('sha256', key, 'buffer');
}

const bearer = /^bearer +(\S+)$/i;

/** What an `Authorization` header presents; undefined when there is none of this form. */
export function bearerOf({ headers }: FastifyRequest): string | undefined {
  const { authorization } = headers;
  return authorization === undefined ? undefined : bearer.exec(authorization)?.[1];
}

/**
 * An `onRequest` hook that lets in whoever presents a key with the scope (any key where none is
 * named): `unauthenticated` or `invalid_token` (401) and `forbidden` (403) for the others.
 */
export function allow(keys: ApiKeys, scope?: Scope) {
  return (request: FastifyRequest, _reply: unknown, done: (error?: Error) => void): void => {
    done(refusal(keys, scope, bearerOf(request)));
  };
}

function refusal(
  keys: ApiKeys,
  scope: Scope | undefined,
  token: string | undefined,
): Problem | undefined {
  if (token === undefined) return new Problem('unauthenticated');
  const key = findKey(keys, token);
  if (key === undefined) return unknownKey();
  return scope === undefined || allows(key.scopes, scope) ? undefined : lackOf(scope);
}

/** Whether who has these scopes may do what takes that one. */
export function allows(scopes: ReadonlySet<Scope>, scope: Scope): boolean {
  return scopes.has(scope) || scopes.has('admin');
}

export function unknownKey(): Problem {
  return new Problem('invalid_token', 'The key is not known.');
}

export function lackOf(scope: Scope): Problem {
  return new Problem('forbidden', `The key lacks the scope ${scope}.`);
}

/** Compares with every key, in a time that tells nothing of where they differ. */
export function findKey(keys: ApiKeys, token: string): ApiKey | undefined {
  const digest = digestOf(token);
  return keys.filter((key) => timingSafeEqual(key.digest, digest))[0];
}
