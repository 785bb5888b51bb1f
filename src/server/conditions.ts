import type { FastifyRequest } from 'fastify';
import type { IfMatch } from '../engine/economy.js';
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

/** Entity tags after RFC 9110, separated by commas; a list may have empty elements. */
const tag = '(?:W/)?"[\\x21\\x23-\\x7e\\x80-\\xff]*"';
const tags = new RegExp(`^[ \\t,]*${tag}(?:[ \\t]*,[ \\t,]*${tag})*[ \\t,]*$`);
const eachTag = new RegExp(tag, 'g');
const version = /^"(0|[1-9]\d{0,15})"$/;

/**
 * What `If-Match` expects: `"5"` (or `5`), one of several, or `*`; undefined when there is none. The
 * comparison is the strong one: a weak tag, or one that is no version, is never the current one.
 */
export function ifMatchOf({ headers }: FastifyRequest): IfMatch | undefined {
  const header = headers['if-match']?.trim();
  if (header === undefined || header === '*') return header;
  if (/^\d{1,16}$/.test(header)) return Number(header);
  if (!tags.test(header)) {
    throw new Problem('malformed_request', 'If-Match must be versions, such as "5", or *.');
  }
  const versions = (header.match(eachTag) ?? []).flatMap(versionIn);
  return versions.length === 1 ? versions[0] : versions;
}

function versionIn(text: string): number[] {
  const found = version.exec(text);
  return found === null ? [] : [Number(found[1])];
}

/** Whether `If-None-Match` is `*`; other values have no meaning here. */
export function ifNoneMatchOf({ headers }: FastifyRequest): '*' | undefined {
  const header = headers['if-none-match'];
  if (header === undefined) return undefined;
  if (header.trim() === '*') return '*';
  throw new Problem('malformed_request', 'If-None-Match can only be *.');
}
