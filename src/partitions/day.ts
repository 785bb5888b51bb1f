import { areDaily, counted, dayOf } from '../ledger/daily.js';
import {
  type Daily,
  isTransaction,
  type Reference,
  type TransactionKind,
} from '../ledger/vocabulary.js';
import { limits } from '../limits.js';
import type { Actor } from './actor.js';
import type { Bytes } from './bytes.js';
import { FrameFault, kindOf, movedOf, readEntryHead, recordOf, timeOf } from './frame.js';
import type { FrameStore } from './frame-store.js';
import type { AddedDetail } from './frame-writer.js';
import { pack } from './packing.js';
import { DETAILS, hasReference, RECORD, referenceAt, unpackDetail } from './record.js';
import { readUuid } from './uuid.js';

/** Some tenths of a millisecond. */
const ENTRIES_A_STEP = 100;

/** A day that is still being read, and what its account did since that began. */
interface Reading {
  readonly steps: Iterator<void, Daily>;
  since: Daily;
}

/** The days of accounts with daily limits: what bets are decided by, and what entries say of them. */
export class Days {
  readonly #frames: FrameStore;
  /** By the account's key; all of them are of this day. */
  readonly #readings = new Map<string, Reading>();
  #today = 0;
  /** What reading days has taken in this turn. */
  #taken_ms = 0;

  constructor(frames: FrameStore) {
    this.#frames = frames;
  }

  /** A turn begins. */
  begin(today: number): void {
    this.#taken_ms = 0;
    if (today !== this.#today) this.#readings.clear();
    this.#today = today;
  }

  /** Reads the day that decides a bet; whether the bet has to wait for another turn to read the rest. */
  mustWait(account: Actor): boolean {
    return areDaily(account.limits) && !this.#finishReading(account);
  }

  /** Undefined for an account without daily limits. */
  of(account: Actor): Daily | undefined {
    return areDaily(account.limits) ? account.daily : undefined;
  }

  /** Counts a transaction; what its entry is to say of the day. */
  tell(
    account: Actor,
    kind: TransactionKind,
    moved: number,
    reference: Reference | undefined,
  ): AddedDetail | undefined {
    const isLimited = areDaily(account.limits);
    if (!isLimited && account.daily === undefined && this.#readings.size === 0) return undefined;
    const isTold = isLimited && this.#finishReading(account);
    const reading = isTold ? undefined : this.#readings.get(account.key);
    if (reading !== undefined) {
      const of = dayOfEffect(kind, this.#today, reference);
      reading.since = counted(reading.since, kind, moved, this.#today, of);
      return undefined;
    }
    const daily = countDay(account, kind, moved, this.#today, reference);
    return isTold && daily ? { detail: 'day', value: pack([daily.staked, daily.won]) } : undefined;
  }

  /** Reads on for as long as this turn has time; whether the account's day is known then. */
  #finishReading(account: Actor): boolean {
    if (account.daily?.day === this.#today) return true;
    if (this.#taken_ms > limits.turn_days_ms) return false;
    const { steps, since } = this.#reading(account);
    const begun = performance.now();
    const taken = this.#taken_ms;
    let step: IteratorResult<void, Daily>;
    do {
      step = steps.next();
      this.#taken_ms = taken + performance.now() - begun;
    } while (step.done !== true && this.#taken_ms <= limits.turn_days_ms);
    if (step.done !== true) return false;
    const { day, staked, won } = step.value;
    account.daily = { day, staked: staked + since.staked, won: won + since.won };
    this.#readings.delete(account.key);
    return true;
  }

  #reading(account: Actor): Reading {
    let reading = this.#readings.get(account.key);
    if (reading === undefined) {
      const { frame, at } = account;
      const day = this.#today;
      reading = {
        steps: readDaily(this.#frames, { frame, at }, day),
        since: { day, staked: 0, won: 0 },
      };
      this.#readings.set(account.key, reading);
    }
    return reading;
  }
}

/**
 * What an account staked and won on a day, when it has limits that ask for it: counted along, or read
 * from its entries.
 */
export function dailyOf(frames: FrameStore, account: Actor, day: number): Daily | undefined {
  if (!areDaily(account.limits)) return undefined;
  if (account.daily?.day !== day) {
    const steps = readDaily(frames, account, day);
    let step = steps.next();
    while (step.done !== true) step = steps.next();
    account.daily = step.value;
  }
  return account.daily;
}

/** Counts a transaction, once a day of its account is known: from then on every one is counted. */
export function countDay(
  account: Actor,
  kind: TransactionKind,
  moved: number,
  today: number,
  reference: Reference | undefined,
): Daily | undefined {
  if (account.daily === undefined) return undefined;
  account.daily = counted(account.daily, kind, moved, today, dayOfEffect(kind, today, reference));
  return account.daily;
}

/** The day that a transaction counts for. */
function dayOfEffect(
  kind: TransactionKind,
  today: number,
  reference: Reference | undefined,
): number {
  // A rollback of something unknown moves nothing, so that its day does not matter.
  return reference !== undefined && kind === 'rollback' ? dayOf(reference.time) : today;
}

/**
 * The last transaction says it. When it does not, for there were no daily limits then, all entries of
 * the day are added up, `ENTRIES_A_STEP` at a time. `from` is the place of the last entry.
 */
function* readDaily(
  frames: FrameStore,
  from: { readonly frame: number; readonly at: number },
  day: number,
): Generator<void, Daily> {
  let daily: Daily = { day, staked: 0, won: 0 };
  let isLast = true;
  // Rollbacks count for this day when what they undo is met in it.
  const undone = new Map<string, number>();
  let { frame, at } = from;
  for (let entries = 1; frame > 0; entries++) {
    if (entries % ENTRIES_A_STEP === 0) yield;
    const bytes = frames.open(frame);
    if (dayOf(timeOf(bytes)) !== day) break;
    const kind = kindOf(bytes, at);
    const record = recordOf(bytes, at);
    if (isLast && isTransaction(kind)) {
      const told = dailyIn(bytes, record, day);
      if (told !== undefined) return told;
      isLast = false;
    }
    const moved = movedOf(bytes, at);
    if (kind === 'rollback') {
      if (hasReference(bytes, record)) undone.set(readUuid(bytes.u8, referenceAt(record)), moved);
    } else if (isTransaction(kind)) {
      daily = counted(daily, kind, moved, day, day);
      const back = undone.get(readUuid(bytes.u8, record + RECORD.transaction));
      if (back !== undefined) daily = counted(daily, 'rollback', back, day, day);
    }
    const { previousFrame, previousAt } = readEntryHead(bytes, at);
    [frame, at] = [previousFrame, previousAt];
  }
  return daily;
}

/** What an entry of that day says of it. Throws FrameFault. */
export function dailyIn(bytes: Bytes, record: number, day: number): Daily | undefined {
  const sums = unpackDetail(bytes, record, DETAILS.day);
  if (sums === undefined) return undefined;
  if (!Array.isArray(sums) || sums.length !== 2 || !sums.every(Number.isFinite)) {
    throw new FrameFault('has an entry whose day is no two amounts');
  }
  return { day, staked: sums[0], won: sums[1] };
}
