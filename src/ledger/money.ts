import { type Refusal, refuse } from './refusals.js';
import type { Account, AccountName, Posting } from './vocabulary.js';

/** The largest amount of one request, minor units. */
export const MAX_AMOUNT = 1_000_000_000_000;

/** Moves an amount between two accounts; nothing is posted for zero. */
export function move(from: AccountName, to: AccountName, amount: number): readonly Posting[] {
  if (amount === 0) return [];
  return [
    { account: from, amount: -amount },
    { account: to, amount },
  ];
}

/** What postings give the player; negative for a debit. */
export function movedToPlayer(postings: readonly Posting[]): number {
  let moved = 0;
  for (const { account, amount } of postings) if (account === 'player') moved += amount;
  return moved;
}

/** Refuses a debit that the balance does not cover. */
export function uncovered({ balance }: Account, required: number): Refusal | undefined {
  if (required <= Math.max(balance, 0)) return undefined;
  return refuse('insufficient_funds', { balance, required });
}

/**
 * How much is given back of something that was paid, of which some was given back before: all that
 * is left unless an amount is asked for, and never more. Spends and orders share it.
 */
export function refundOf(
  paid: number,
  refunded: number,
  asked: number | undefined,
): number | Refusal {
  const left = paid - refunded;
  if (left <= 0 && refunded > 0) return refuse('already_refunded');
  if (asked === undefined) return left;
  return asked <= left ? asked : refuse('refund_exceeds_remaining', { max_refundable: left });
}
