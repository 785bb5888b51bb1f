import { isAscii, isUtf8 } from 'node:buffer';
import { countMembers, isWellFormed } from './members.js';
import { Problem } from './problems.js';
import { scanJson } from './scan.js';

/**
 * Reads a JSON body, or throws `malformed_request` where JSON.parse would guess or repair:
 *
 * T1 bytes that are not UTF-8, and strings with half a surrogate pair, which would become another text;
 * T2 a member that an object has twice, of which only the last would count;
 * T3 more nesting than `limits.nesting_levels`.
 *
 * T4: a decimal that would be read as a whole number that it is not (`1.00000000000000000001`) is
 * read as infinite instead, which no amount accepts. Whole numbers beyond 2^53-1 stay beyond it.
 * T5: a member `__proto__` is an own member without meaning; no prototype is touched.
 *
 * A hot path: 1.3 µs for the body of a bet (250 bytes), of which JSON.parse takes 0.8.
 */
export function parseJson(bytes: Buffer): unknown {
  const { members, decimals, escapes } = scanJson(bytes);
  const text = textOf(bytes);
  // Of JSON alone, for in another text it may look for the ends of strings again and again.
  let value = parse(text);
  if (decimals) value = parse(withoutRounding(text));
  if (countMembers(value) !== members) throw malformed('a member is there twice');
  if (escapes && !isWellFormed(value)) throw malformed('a string is not well-formed Unicode');
  return value;
}

function malformed(detail: string): Problem {
  return new Problem('malformed_request', `The body is no valid JSON text: ${detail}.`);
}

function textOf(bytes: Buffer): string {
  if (isAscii(bytes)) return bytes.toString('latin1');
  if (!isUtf8(bytes)) throw malformed('it is not UTF-8');
  return bytes.toString('utf8');
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // What V8 says quotes the body, which may hold a secret.
    throw malformed(text === '' ? 'it is empty' : 'the syntax is wrong');
  }
}

const stringOrNumber = /"[^"\\]*(?:\\.[^"\\]*)*"|-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/g;
const INFINITE = '1e999';

function withoutRounding(text: string): string {
  return text.replace(stringOrNumber, (token) => (isRounded(token) ? INFINITE : token));
}

function isRounded(token: string): boolean {
  return token[0] !== '"' && Number.isInteger(Number(token)) && !isWhole(token);
}

/** Whether a decimal is a whole number, as `1.0` and `12e3` are and `1e-400` is not. */
function isWhole(literal: string): boolean {
  const [mantissa = '', exponent = '0'] = literal.split(/[eE]/);
  const [whole = '', fraction = ''] = mantissa.split('.');
  const digits = whole + fraction;
  let end = digits.length;
  while (digits[end - 1] === '0') end -= 1;
  const zero = end === 0 || digits[end - 1] === '-';
  return zero || Number(exponent) - fraction.length + (digits.length - end) >= 0;
}
