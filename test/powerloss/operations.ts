import { createHash } from 'node:crypto';
import { Random } from './random.js';

export const USERS: readonly string[] = Array.from({ length: 10 }, (_, i) => `player-${i}`);

/** One thing that a run asks of the wallet; its number and the run's seed say all of it. */
export type Operation = { readonly number: number; readonly user: string } & (
  | { readonly kind: 'bet'; readonly amount: number }
  | { readonly kind: 'win' | 'rollback'; readonly amount: number; readonly bet: number }
  | { readonly kind: 'bulk'; readonly bets: number }
  | { readonly kind: 'credit' | 'order'; readonly amount: number }
  | { readonly kind: 'transfer'; readonly amount: number; readonly to: string }
);

/** The operation of a number: half of them single bets, some that fill frames of several pages. */
export function operationOf(seed: number, number: number): Operation {
  const random = new Random(seed * 1_000_003 + number);
  const user = random.pick(USERS);
  const amount = 1 + random.below(9);
  const dice = random.unit();
  const head = { number, user, amount };
  if (dice < 0.12) return named(seed, head, 'win');
  if (dice < 0.18) return named(seed, head, 'rollback');
  if (dice < 0.28) return { ...head, kind: 'credit' };
  if (dice < 0.38) return { ...head, kind: 'transfer', to: random.pick(USERS) };
  if (dice < 0.46) return { ...head, kind: 'order' };
  if (dice < 0.52) return { ...head, kind: 'bulk', bets: random.chance(0.2) ? 300 : 40 };
  return { ...head, kind: 'bet' };
}

type Head = Pick<Operation, 'number' | 'user'> & { readonly amount: number };

/** About a bet some operations earlier; where there is none it is a bet itself. */
function named(seed: number, head: Head, kind: 'win' | 'rollback'): Operation {
  for (let number = head.number - 12; number > 0 && number > head.number - 40; number--) {
    const bet = operationOf(seed, number);
    if (bet.kind === 'bet') return { ...head, kind, user: bet.user, bet: number };
  }
  return { ...head, kind: 'bet' };
}

/** The id under which an entry of the operation is in the journal, 32 hex digits. */
export function entryIdOf(seed: number, operation: Operation): string {
  const { kind, number, user } = operation;
  if (kind === 'bulk') return idOf(seed, number, operation.bets - 1);
  if (kind === 'bet' || kind === 'win' || kind === 'rollback') return idOf(seed, number);
  const text = `key\0${user}\0${idOf(seed, number)}`;
  return createHash('sha256').update(text).digest('hex').slice(0, 32);
}

/** 32 hex digits that nobody else has. */
export function idOf(seed: number, number: number, part = 0): string {
  return createHash('sha256').update(`${seed}/${number}/${part}`).digest('hex').slice(0, 32);
}
