import { type Rejection, rejections } from '../ledger/vocabulary.js';
import { limits } from '../limits.js';
import { type Extra, RESULT, type Slot } from '../partitions/slots.js';
import type { Answer, InfoAnswer, Status } from './bodies.js';
import type { Body } from './command-writer.js';

/** The texts of currency codes seen so far; there are few. */
const currencies = new Map<number, string>();
const TWO_32 = 4294967296;

export function currencyOf(slot: Slot, index: number): string {
  const low = slot.currencies[2 * index] as number;
  const high = slot.currencies[2 * index + 1] as number;
  const key = high * TWO_32 + low;
  const known = high < 2 ** 21 ? currencies.get(key) : undefined;
  if (known !== undefined) return known;
  const bytes = Buffer.alloc(limits.currency_bytes);
  bytes.writeUInt32LE(low, 0);
  bytes.writeUInt32LE(high, 4);
  const text = bytes.toString('latin1').replace(/\0+$/, '');
  if (high < 2 ** 21) currencies.set(key, text);
  return text;
}

function statusOf(code: number): Status {
  if (code < RESULT.REJECTED) return 'RS_OK';
  return rejections[code - RESULT.REJECTED] as Rejection;
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** The answer to a bet, win, rollback or balance, from what was asked and its partition decided. */
export function answerOf(
  user: unknown,
  request: unknown,
  slot: Slot,
  index: number,
  extra: Extra | undefined,
): Answer {
  // A retry may lack what its stored answer has.
  const request_uuid = extra?.request ?? request;
  const code = slot.codes[index] as number;
  if (code >= RESULT.REJECTED || typeof user !== 'string' || typeof request_uuid !== 'string') {
    return refusalOf(user, request, statusOf(code), slot.balances[index] as number);
  }
  return {
    user,
    status: 'RS_OK',
    request_uuid,
    currency: currencyOf(slot, index),
    balance: slot.balances[index] as number,
  };
}

/** A refusal echoes what it could read, and tells the balance when that was too low. */
function refusalOf(name: unknown, request: unknown, status: Status, balance: number): Answer {
  const user = textOf(name);
  const request_uuid = textOf(request);
  return {
    ...(user === undefined ? {} : { user }),
    status,
    ...(request_uuid === undefined ? {} : { request_uuid }),
    ...(status === 'RS_ERROR_NOT_ENOUGH_MONEY' ? { balance } : {}),
  };
}

/** The answer to a request that cannot be routed, such as an unknown operation. */
export function malformedAnswer(body: unknown, status: Rejection): Answer {
  const { user, request_uuid } = (typeof body === 'object' && body !== null ? body : {}) as Body;
  return refusalOf(user, request_uuid, status, 0);
}

const UNKNOWN_COUNTRY = 'ZZ';

export function infoOf(answer: Answer): InfoAnswer {
  return answer.status === 'RS_OK' ? { ...answer, country: UNKNOWN_COUNTRY } : answer;
}
