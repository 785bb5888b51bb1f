import { absent, codeOfKind, type Faults, mistyped } from '../ledger/vocabulary.js';
import { limits } from '../limits.js';
import type { Bytes } from '../partitions/bytes.js';
import { writeCurrency } from '../partitions/currencies.js';
import {
  DETAILS,
  endRecord,
  FLAGS,
  RECORD,
  referenceAt,
  writeDetail,
} from '../partitions/record.js';
import { CAPITALS, NO_UUID, writeUuid } from '../partitions/uuid.js';
import { canonicalJson } from './canonical-json.js';
import { isUserId } from './user-id.js';

/** A request as it came: nothing about its fields is known. */
export type Body = Readonly<Record<string, unknown>>;
export type BetKind = 'bet' | 'win' | 'rollback' | 'read';

const TEXTS = [
  'round',
  'game_code',
  'supplier_transaction_id',
  'supplier_user',
  'bet',
  'reward_uuid',
] as const;

const USER = { absent: absent('user'), mistyped: mistyped('user') };
const TRANSACTION = { absent: absent('transaction'), mistyped: mistyped('transaction') };
const REQUEST = { absent: absent('request'), mistyped: mistyped('request') };
const CURRENCY = { absent: absent('currency'), mistyped: mistyped('currency') };
const AMOUNT = { absent: absent('amount'), mistyped: mistyped('amount') };
const REFERENCE = { absent: absent('reference'), mistyped: mistyped('reference') };
const OPTIONAL_MISTYPED = mistyped('optional');

/**
 * Writes requests of the bet family as records. It refuses nothing: what is wrong with a field is
 * noted in the record's faults, and the ledger decides what that means in its dialect.
 */
export class CommandWriter {
  #faults: Faults = 0;
  #flags = 0;
  #requestInCapitals = false;
  #isWriting = false;

  /**
   * Writes the record at `start`, a multiple of 8, and returns where the next one begins. A member
   * that itself sends a command would write it to the same place: that one throws.
   */
  write(bytes: Bytes, start: number, kind: BetKind, body: Body): number {
    if (this.#isWriting) throw new TypeError('a body must not use the wallet while it is read');
    this.#isWriting = true;
    try {
      return this.#record(bytes, start, kind, body);
    } finally {
      this.#isWriting = false;
    }
  }

  #record(bytes: Bytes, start: number, kind: BetKind, body: Body): number {
    const { u8, f64 } = bytes;
    this.#faults = 0;
    this.#flags = 0;
    u8[start + RECORD.kind] = codeOfKind(kind);
    f64[(start + RECORD.amount) >> 3] = 0;
    f64[(start + RECORD.currency) >> 3] = 0;
    if (kind === 'bet' || kind === 'win') this.#money(bytes, start, body);
    if (kind !== 'read') this.#transaction(u8, start, body['transaction_uuid']);
    this.#request(u8, start, body['request_uuid']);
    let at = start + RECORD.body;
    if (kind === 'win' || kind === 'rollback') at = this.#reference(u8, start, body);
    const details = this.#user(u8, start, at, body['user']);
    const end = this.#optional(u8, details, body);
    u8[start + RECORD.flags] = this.#flags;
    u8[start + RECORD.faults] = this.#faults & 0xff;
    u8[start + RECORD.faults + 1] = this.#faults >> 8;
    return endRecord(bytes, start, details, end);
  }

  #money({ u8, f64 }: Bytes, start: number, body: Body): void {
    const { amount, currency } = body as { amount: unknown; currency: unknown };
    if (typeof amount === 'number' && Number.isSafeInteger(amount)) {
      f64[(start + RECORD.amount) >> 3] = amount;
    } else this.#faults |= amount === undefined ? AMOUNT.absent : AMOUNT.mistyped;
    if (typeof currency === 'string') writeCurrency(u8, start + RECORD.currency, currency);
    else this.#faults |= currency === undefined ? CURRENCY.absent : CURRENCY.mistyped;
  }

  #transaction(u8: Uint8Array, start: number, id: unknown): void {
    const at = start + RECORD.transaction;
    if (typeof id === 'string' && writeUuid(u8, at, id) < NO_UUID) return;
    this.#faults |= id === undefined ? TRANSACTION.absent : TRANSACTION.mistyped;
    u8.fill(0, at, at + 16);
  }

  #request(u8: Uint8Array, start: number, id: unknown): void {
    const at = start + RECORD.request;
    const form = typeof id === 'string' ? writeUuid(u8, at, id) : NO_UUID;
    this.#requestInCapitals = form === CAPITALS;
    if (form < NO_UUID) return;
    this.#faults |= id === undefined ? REQUEST.absent : REQUEST.mistyped;
    u8.fill(0, at, at + 16);
  }

  /** Returns where the user begins: behind the reference, when there is one. */
  #reference(u8: Uint8Array, start: number, body: Body): number {
    const id = body['reference_transaction_uuid'];
    const at = referenceAt(start);
    if (typeof id === 'string' && writeUuid(u8, at, id) < NO_UUID) {
      this.#flags |= FLAGS.reference;
      return at + 16;
    }
    this.#faults |= id === undefined || id === null ? REFERENCE.absent : REFERENCE.mistyped;
    return at;
  }

  /** Writes the user and returns where the details begin. What no user can be called is nobody. */
  #user(u8: Uint8Array, start: number, at: number, user: unknown): number {
    let end = at;
    if (typeof user !== 'string') {
      this.#faults |= user === undefined ? USER.absent : USER.mistyped;
    } else end = writeUser(u8, at, user);
    u8[start + RECORD.userLength] = end - at;
    for (let i = start + RECORD.userLength + 1; i < start + RECORD.detailsLength; i++) u8[i] = 0;
    return end;
  }

  #optional(u8: Uint8Array, start: number, body: Body): number {
    let at = start;
    for (const name of TEXTS) {
      const value = body[name];
      if (value !== undefined && value !== null) at = this.#text(u8, at, start, name, value);
    }
    const { meta, token } = body as { meta: unknown; token: unknown };
    if (meta !== undefined && meta !== null) {
      const json = canonicalJson(meta);
      if (json === undefined) this.#faults |= OPTIONAL_MISTYPED;
      else at = this.#text(u8, at, start, 'meta', json);
    }
    if (token !== undefined && token !== null) at = this.#token(u8, at, token);
    this.#flag(body['is_free'], FLAGS.free);
    this.#flag(body['is_supplier_promo'], FLAGS.promo);
    this.#flag(body['round_closed'], FLAGS.roundClosed);
    this.#flag(body['is_aggregated'], FLAGS.aggregated);
    if (!this.#requestInCapitals) return at;
    return writeDetail(u8, at, DETAILS.request, Buffer.from(body['request_uuid'] as string));
  }

  #flag(value: unknown, bit: number): void {
    if (value === true) this.#flags |= bit;
    else if (value !== undefined && value !== null && value !== false) {
      this.#faults |= OPTIONAL_MISTYPED;
    }
  }

  #text(
    u8: Uint8Array,
    at: number,
    start: number,
    name: keyof typeof DETAILS,
    value: unknown,
  ): number {
    if (typeof value !== 'string' || at - start + mostBytes(value) > limits.details_bytes) {
      this.#faults |= OPTIONAL_MISTYPED;
      return at;
    }
    if (value.length < 128) {
      const end = writeAscii(u8, at + 2, value);
      if (end > 0) {
        u8[at] = DETAILS[name];
        u8[at + 1] = value.length;
        return end;
      }
    }
    if (value.isWellFormed()) return writeDetail(u8, at, DETAILS[name], Buffer.from(value));
    this.#faults |= OPTIONAL_MISTYPED;
    return at;
  }

  /** The token is a secret: only a hash of it is kept, to compare a retry with. */
  #token(u8: Uint8Array, at: number, token: unknown): number {
    if (typeof token !== 'string' || token.length > limits.token_characters) {
      this.#faults |= OPTIONAL_MISTYPED;
      return at;
    }
    let a = 0x811c9dc5;
    let b = 0x2f0b4c47;
    for (let i = 0; i < token.length; i++) {
      const unit = token.charCodeAt(i);
      a = Math.imul(a ^ unit, 0x01000193);
      b = Math.imul(b ^ unit, 0x85ebca6b) ^ (b >>> 15);
    }
    u8[at] = DETAILS.token;
    u8[at + 1] = 8;
    for (let i = 0; i < 4; i++) {
      u8[at + 2 + i] = a >>> (8 * i);
      u8[at + 6 + i] = b >>> (8 * i);
    }
    return at + 10;
  }
}

/** Writes a user id; returns `at` when it is none. */
export function writeUser(u8: Uint8Array, at: number, user: string): number {
  if (user.length <= 64) {
    const end = writeAscii(u8, at, user);
    if (end > 0) return end;
  }
  if (!isUserId(user)) return at;
  const utf8 = Buffer.from(user);
  u8.set(utf8, at);
  return at + utf8.length;
}

/** Writes printable ASCII and returns its end; 0 when the text has anything else. */
function writeAscii(u8: Uint8Array, at: number, text: string): number {
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0x20 || unit >= 0x7f) return 0;
    u8[at + i] = unit;
  }
  return at + text.length;
}

/** What a text takes in UTF-8 at most; counted where the guess would be large. */
function mostBytes(text: string): number {
  const guess = 3 * text.length;
  return guess < limits.details_bytes / 4 ? guess : Buffer.byteLength(text);
}
