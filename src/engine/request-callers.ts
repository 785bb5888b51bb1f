import { answerRequest } from '../ledger/families.js';
import type { Message } from '../ledger/messages.js';
import type { BaseContext, Change, RequestEntry } from '../ledger/request.js';
import { type Kind, kindNames } from '../ledger/vocabulary.js';
import type { Bytes } from '../partitions/bytes.js';
import { unpackAt } from '../partitions/packing.js';
import { DETAILS, RECORD, unpackDetail } from '../partitions/record.js';
import { readReply } from '../partitions/replies.js';
import { hexAt, readChanges } from '../partitions/request-record.js';
import { type Extra, RESULT, type ReadReply, type Slot } from '../partitions/slots.js';
import { currencyOf } from './answers.js';
import type { Caller } from './batch.js';
import type { Outcome, Refused } from './economy.js';

export type Settle = (outcome: Outcome<unknown>) => void;

/**
 * Waits for the answer to a request, whose record begins at the tag. Thousands wait at a time: one
 * keeps what cannot be read again from the record.
 */
export class Asker implements Caller {
  readonly #player: string;
  readonly #post: (messages: readonly Message[]) => void;
  readonly #resolve: Settle;
  readonly #reject: (error: Error) => void;

  constructor(
    player: string,
    post: (messages: readonly Message[]) => void,
    resolve: Settle,
    reject: (error: Error) => void,
  ) {
    this.#player = player;
    this.#post = post;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  settle(start: number, slot: Slot, index: number, extra: Extra | undefined): void {
    const reply = readReply(slot, index, extra);
    const code = slot.codes[index] as number;
    const body =
      code === RESULT.accepted
        ? this.#granted(start, slot, index, reply)
        : unpackAt(reply.content, reply.at);
    const replayed = code === RESULT.duplicate || code === RESULT.answered;
    this.#resolve(outcomeOf(code, replayed, reply.version, body));
  }

  #granted(start: number, slot: Slot, index: number, reply: ReadReply): unknown {
    const changes = readChanges(reply.content, reply.at);
    for (const change of changes) {
      const sent = change.collection === 'outbox' ? change.value : null;
      if (sent !== null) this.#post([sent as Message]);
    }
    const currency = currencyOf(slot, index);
    return answerRequest(new NewEntry(slot.records, start, this.#player, currency, changes, reply));
  }

  fail(_tag: number, error: Error): void {
    this.#reject(error);
  }
}

/** The entry that was made now: of what was asked for, an answer may tell little. */
class NewEntry implements RequestEntry {
  readonly #records: Bytes;
  readonly #start: number;
  readonly player: string;
  readonly currency: string;
  readonly changes: readonly Change[];
  readonly time: number;
  readonly moved: number;
  readonly balance: number;
  readonly version: number;

  constructor(
    records: Bytes,
    start: number,
    player: string,
    currency: string,
    changes: readonly Change[],
    { time, moved, balance, version }: ReadReply,
  ) {
    this.#records = records;
    this.#start = start;
    this.player = player;
    this.currency = currency;
    this.changes = changes;
    this.time = time;
    this.moved = moved;
    this.balance = balance;
    this.version = version;
  }

  get kind(): Kind {
    return kindNames.get(this.#records.u8[this.#start + RECORD.kind] as number) as Kind;
  }

  get args(): unknown {
    return unpackDetail(this.#records, this.#start, DETAILS.args);
  }

  get context(): BaseContext {
    return unpackDetail(this.#records, this.#start, DETAILS.context) as BaseContext;
  }

  get id(): string {
    return hexAt(this.#records.u8, this.#start + RECORD.transaction);
  }

  get fresh(): string {
    return hexAt(this.#records.u8, this.#start + RECORD.request);
  }
}

/** Waits for what a query finds. */
export class Reader implements Caller {
  readonly #resolve: Settle;
  readonly #reject: (error: Error) => void;

  constructor(resolve: Settle, reject: (error: Error) => void) {
    this.#resolve = resolve;
    this.#reject = reject;
  }

  settle(_tag: number, slot: Slot, index: number, extra: Extra | undefined): void {
    const { content, at, version } = readReply(slot, index, extra);
    const body = unpackAt(content, at);
    this.#resolve(outcomeOf(slot.codes[index] as number, false, version, body));
  }

  fail(_tag: number, error: Error): void {
    this.#reject(error);
  }
}

function outcomeOf(
  code: number,
  replayed: boolean,
  version: number,
  body: unknown,
): Outcome<unknown> {
  if (code === RESULT.refused) return { ok: false, ...(body as Pick<Refused, 'code' | 'members'>) };
  return { ok: true, value: body, replayed, version };
}
