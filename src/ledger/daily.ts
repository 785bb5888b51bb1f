import type { Daily, Limits, TransactionKind } from './vocabulary.js';

export const DAY_MS = 86_400_000;

/** The UTC day of a time in milliseconds since 1970, counted from then. */
export function dayOf(time: number): number {
  return Math.floor(time / DAY_MS);
}

/** Whether limits need to know what was staked and won on a day. */
export function areDaily(limits: Limits | undefined): boolean {
  return limits?.daily_stake !== undefined || limits?.daily_loss !== undefined;
}

/**
 * A day with one entry more; an entry of another day begins that day. `of` is the day that it counts
 * for: that of a rollback is the day of what it undoes.
 */
export function counted(
  daily: Daily,
  kind: TransactionKind,
  moved: number,
  day: number,
  of: number,
): Daily {
  const { staked, won } = daily.day === day ? daily : { staked: 0, won: 0 };
  if (of !== day) return { day, staked, won };
  const isStake = kind === 'bet' || (kind === 'rollback' && moved > 0);
  return isStake ? { day, staked: staked - moved, won } : { day, staked, won: won + moved };
}
