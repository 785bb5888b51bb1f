import { limits } from './limits.js';
import { Problem } from './problems.js';

/** What the bytes of a JSON text hold that the parsed value no longer shows. */
interface JsonScan {
  /** Members of all objects together, as written. */
  readonly members: number;
  /** Whether a number has a fraction or an exponent. */
  readonly decimals: boolean;
  /** Whether a string has an escape. */
  readonly escapes: boolean;
}

const QUOTE = 0x22;
const POINT = 0x2e;
const DIGIT_0 = 0x30;
const DIGIT_9 = 0x39;
const COLON = 0x3a;
const UPPER_E = 0x45;
const OPEN_ARRAY = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_ARRAY = 0x5d;
const LOWER_E = 0x65;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/**
 * Looks once at every byte of a JSON text, or throws `malformed_request` where it nests too deep.
 * A text that is no JSON gives any answer. A hot path: 0.25 µs for the body of a bet (250 bytes).
 */
export function scanJson(bytes: Uint8Array): JsonScan {
  const end = bytes.length;
  let members = 0;
  let depth = 0;
  let decimals = false;
  let escapes = false;
  for (let at = 0; at < end; at += 1) {
    switch (bytes[at]) {
      case QUOTE:
        for (at += 1; at < end && bytes[at] !== QUOTE; at += 1) {
          if (bytes[at] !== BACKSLASH) continue;
          escapes = true;
          at += 1;
        }
        break;
      case COLON:
        members += 1;
        break;
      case OPEN_OBJECT:
      case OPEN_ARRAY:
        depth += 1;
        if (depth > limits.nesting_levels) throw tooDeep();
        break;
      case CLOSE_OBJECT:
      case CLOSE_ARRAY:
        depth -= 1;
        break;
      case POINT:
        decimals = true;
        break;
      case UPPER_E:
      case LOWER_E:
        // The letter of an exponent follows a digit, that of `true` and `false` does not.
        decimals ||= isDigit(bytes[at - 1]);
        break;
    }
  }
  return { members, decimals, escapes };
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= DIGIT_0 && byte <= DIGIT_9;
}

/** The problem of a body that nests too deep, in any format. */
export function tooDeep(): Problem {
  const detail = `The body has more than ${limits.nesting_levels} levels of nesting.`;
  return new Problem('malformed_request', detail);
}
