import type { Account, Daily, Limits, Mark, Posting } from '../ledger/vocabulary.js';
import type { ActorTable } from './actor-table.js';
import { type EntryHead, STANDING } from './frame.js';

/**
 * The row of an actor: 64 bytes, what every bet looks at first.
 *
 *  0 f64 balance                           28 u8  length of the key, then 24 bits of `STATE`
 *  8 f64 frame of its last entry           32 8 bytes: the currency
 * 16 u32 place of its last entry there     40 f64 frame that the actor index says, u32 48 the place
 * 20 u32 version                           52 u32 tag and 56 u32 lane of its fingerprint
 * 24 u32 where its key is, in words        60 reserved
 */
export const ROW = { bytes: 64, words: 16 } as const;
/** Numbers of doubles and of words in a row. */
const DOUBLE = { balance: 0, frame: 1, indexedFrame: 5 } as const;
export const WORD = {
  at: 4,
  version: 5,
  key: 6,
  state: 7,
  currency: 8,
  indexedAt: 12,
  tag: 13,
  lane: 14,
} as const;

const STATE = {
  disabled: 1 << 8,
  tombstones: 1 << 9,
  /** It has limits, or has counted its day: those few are beside the rows. */
  limits: 1 << 10,
  daily: 1 << 11,
  dirty: 1 << 12,
} as const;

/**
 * A user's state on the thread that owns it: a view of its row. Two views of one row are the same
 * actor. Both are good until the next generation (`actors.ts`), which never begins within a turn.
 */
export class Actor implements Account {
  readonly row: number;
  readonly #table: ActorTable;
  readonly #u32: Uint32Array;
  readonly #f64: Float64Array;
  /** The first word and the first double of its row. */
  readonly #word: number;
  readonly #double: number;

  constructor(table: ActorTable, row: number, u32: Uint32Array, f64: Float64Array, word: number) {
    this.#table = table;
    this.row = row;
    this.#u32 = u32;
    this.#f64 = f64;
    this.#word = word;
    this.#double = word >> 1;
  }

  /** The user id's UTF-8 bytes, one character each. */
  get key(): string {
    return this.#table.keyOf(this.row);
  }

  get currency(): string {
    return this.#table.currencyOf(this.row);
  }

  /** The eight bytes of the currency's code as two words. */
  get currencyLow(): number {
    return this.#u32[this.#word + WORD.currency] as number;
  }

  get currencyHigh(): number {
    return this.#u32[this.#word + WORD.currency + 1] as number;
  }

  get tag(): number {
    return this.#u32[this.#word + WORD.tag] as number;
  }

  get lane(): number {
    return this.#u32[this.#word + WORD.lane] as number;
  }

  get balance(): number {
    return this.#f64[this.#double + DOUBLE.balance] as number;
  }

  set balance(balance: number) {
    this.#f64[this.#double + DOUBLE.balance] = balance;
  }

  get version(): number {
    return this.#u32[this.#word + WORD.version] as number;
  }

  set version(version: number) {
    this.#u32[this.#word + WORD.version] = version;
  }

  get disabled(): boolean {
    return this.#is(STATE.disabled);
  }

  set disabled(disabled: boolean) {
    this.#mark(STATE.disabled, disabled);
  }

  get tombstones(): boolean {
    return this.#is(STATE.tombstones);
  }

  set tombstones(tombstones: boolean) {
    this.#mark(STATE.tombstones, tombstones);
  }

  get limits(): Limits | undefined {
    return this.#is(STATE.limits) ? this.#table.limits.get(this.row) : undefined;
  }

  set limits(limits: Limits | undefined) {
    this.#mark(STATE.limits, limits !== undefined);
    if (limits === undefined) this.#table.limits.delete(this.row);
    else this.#table.limits.set(this.row, limits);
  }

  /** The day so far, once a limit has asked for it. */
  get daily(): Daily | undefined {
    return this.#is(STATE.daily) ? this.#table.days.get(this.row) : undefined;
  }

  set daily(daily: Daily) {
    this.#mark(STATE.daily, true);
    this.#table.days.set(this.row, daily);
  }

  /** Where the last entry is; frame 0 before the first one. */
  get frame(): number {
    return this.#f64[this.#double + DOUBLE.frame] as number;
  }

  get at(): number {
    return this.#u32[this.#word + WORD.at] as number;
  }

  /** Where the actor index says that it is; frame 0 when it does not know it. */
  get indexedFrame(): number {
    return this.#f64[this.#double + DOUBLE.indexedFrame] as number;
  }

  get indexedAt(): number {
    return this.#u32[this.#word + WORD.indexedAt] as number;
  }

  moveTo(frame: number, at: number): void {
    this.#f64[this.#double + DOUBLE.frame] = frame;
    this.#u32[this.#word + WORD.at] = at;
  }

  indexAt(frame: number, at: number): void {
    this.#f64[this.#double + DOUBLE.indexedFrame] = frame;
    this.#u32[this.#word + WORD.indexedAt] = at;
  }

  /** Changed since the last checkpoint. */
  get dirty(): boolean {
    return this.#is(STATE.dirty);
  }

  set dirty(dirty: boolean) {
    this.#mark(STATE.dirty, dirty);
  }

  #is(bit: number): boolean {
    return ((this.#u32[this.#word + WORD.state] as number) & bit) !== 0;
  }

  #mark(bit: number, on: boolean): void {
    const state = this.#u32[this.#word + WORD.state] as number;
    this.#u32[this.#word + WORD.state] = on ? state | bit : state & ~bit;
  }

  /** What its next entry says of it. */
  head(mark: Mark, postings: readonly Posting[]): EntryHead {
    return {
      version: this.version,
      balance: this.balance,
      previousFrame: this.frame,
      previousAt: this.at,
      mark,
      standing: standingOf(this),
      postings,
    };
  }
}

/** The bits of `STANDING`. */
export function standingOf({ disabled, tombstones, limits }: Account): number {
  return (
    (disabled ? STANDING.disabled : 0) |
    (tombstones ? STANDING.tombstones : 0) |
    (limits === undefined ? 0 : STANDING.limits)
  );
}
