import type { TransactionKind } from './vocabulary.js';

/** What a player staked and won in one UTC day; what was rolled back does not count. */
export interface Daily {
  /** Days since 1970-01-01. */
  readonly day: number;
  /** Minor units. */
  readonly staked: number;
  readonly won: number;
}

const DAY_MS = 86_400_000;

export function dayOf(time: number): number {
  return Math.floor(time / DAY_MS);
}

/** A day with one entry more; an entry of another day begins that day. */
export function counted(daily: Daily, kind: TransactionKind, moved: number, day: number): Daily {
  const { staked, won } = daily.day === day ? daily : { staked: 0, won: 0 };
  const isStake = kind === 'bet' || (kind === 'rollback' && moved > 0);
  return isStake ? { day, staked: staked - moved, won } : { day, staked, won: won + moved };
}
