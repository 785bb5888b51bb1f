import type { FastifyRequest } from 'fastify';
import { Problem } from './problems.js';

const key = /^[\x21-\x7e]{1,255}$/;
const quoted = /^"((?:[^"\\]|\\["\\])*)"$/;

/**
 * The `Idempotency-Key`: 1 to 255 visible ASCII characters, bare or as the string of a structured
 * field; both are the same key. Undefined when there is none.
 */
export function idempotencyKeyOf({ headers, raw }: FastifyRequest): string | undefined {
  const header = headers['idempotency-key'];
  if (header === undefined) return undefined;
  const sent = raw.rawHeaders.filter((name, i) => i % 2 === 0 && isKeyHeader(name)).length;
  const text = String(header).startsWith('"') ? unquoted(String(header)) : String(header);
  if (sent === 1 && text !== undefined && key.test(text)) return text;
  throw new Problem('idempotency_key_invalid');
}

/** The string of a structured field; undefined when it does not end. */
function unquoted(header: string): string | undefined {
  return quoted.exec(header)?.[1]?.replace(/\\(["\\])/g, '$1');
}

function isKeyHeader(name: string): boolean {
  return name.toLowerCase() === 'idempotency-key';
}

const entityTag = /^(?:W\/)?"?(\d{1,16})"?$/;

/** The version of `If-Match`: `"5"`, or `5`. Undefined when there is none, or any will do. */
export function ifMatchOf({ headers }: FastifyRequest): number | undefined {
  const header = headers['if-match'];
  if (header === undefined || header.trim() === '*') return undefined;
  const version = Number(entityTag.exec(header.trim())?.[1]);
  if (Number.isSafeInteger(version)) return version;
  throw new Problem('malformed_request', 'If-Match must be one version, such as "5".');
}

/** Whether `If-None-Match` is `*`; other values have no meaning here. */
export function ifNoneMatchOf({ headers }: FastifyRequest): '*' | undefined {
  const header = headers['if-none-match'];
  if (header === undefined) return undefined;
  if (header.trim() === '*') return '*';
  throw new Problem('malformed_request', 'If-None-Match can only be *.');
}
