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

/** The days of accounts with daily limits: what bets are decided by, and what entries say of them. */
export class Days {
  readonly #frames: FrameStore;
  /** What reading days has taken in this turn. */
  #taken_ms = 0;

  constructor(frames: FrameStore) {
    this.#frames = frames;
  }

  /** A turn begins. */
  begin(): void {
    this.#taken_ms = 0;
  }

  /** Whether a bet has to wait for another turn: its account's day must be read, as those of others. */
  mustWait(account: Actor): boolean {
    if (this.#taken_ms <= limits.turn_days_ms) return false;
    return account.daily === undefined && areDaily(account.limits);
  }

  /** Undefined for an account without daily limits. */
  of(account: Actor, today: number): Daily | undefined {
    if (!areDaily(account.limits)) return undefined;
    if (account.daily !== undefined) return dailyOf(this.#frames, account, today);
    const begun = performance.now();
    const daily = dailyOf(this.#frames, account, today);
    this.#taken_ms += performance.now() - begun;
    return daily;
  }

  /** Counts a transaction; what its entry is to say of the day. */
  tell(
    account: Actor,
    kind: TransactionKind,
    moved: number,
    today: number,
    reference: Reference | undefined,
  ): AddedDetail | undefined {
    if (account.daily === undefined && !areDaily(account.limits)) return undefined;
    const isLimited = !this.mustWait(account) && this.of(account, today) !== undefined;
    const daily = countDay(account, kind, moved, today, reference);
    return isLimited && daily
      ? { detail: 'day', value: pack([daily.staked, daily.won]) }
      : undefined;
  }
}

/**
 * What an account staked and won on a day, when it has limits that ask for it: counted along, or read
 * from its entries.
 */
export function dailyOf(frames: FrameStore, account: Actor, day: number): Daily | undefined {
  if (!areDaily(account.limits)) return undefined;
  if (account.daily?.day !== day) account.daily = readDaily(frames, account, day);
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
  // A rollback of something unknown moves nothing, so that its day does not matter.
  const of = reference !== undefined && kind === 'rollback' ? dayOf(reference.time) : today;
  account.daily = counted(account.daily, kind, moved, today, of);
  return account.daily;
}

/**
 * The last transaction says it. When it does not, for there were no daily limits then, all entries of
 * the day are added up. `from` is the place of the last entry.
 */
function readDaily(
  frames: FrameStore,
  from: { readonly frame: number; readonly at: number },
  day: number,
): Daily {
  let daily: Daily = { day, staked: 0, won: 0 };
  let isLast = true;
  // Rollbacks count for this day when what they undo is met in it.
  const undone = new Map<string, number>();
  let { frame, at } = from;
  while (frame > 0) {
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
