import { isDeepEqual } from './equal.js';
import { move } from './money.js';
import type { Refusal } from './refusals.js';
import { type BaseContext, mismatchOf } from './request.js';
import type { Accepted, Account, Decision, Limits } from './vocabulary.js';

/** Opens an account; an existing one is left as it is. Amount in minor units, 0 or more. */
export function decideOpen(account: Account | undefined, amount: number): Decision {
  if (account !== undefined) return { kind: 'answered', balance: account.balance };
  return { kind: 'accepted', postings: move('issuance', 'player', amount), mark: 'none' };
}

/** The first entry of a partition: its share of the treasury's supply. */
export function genesis(amount: number): Accepted {
  return { kind: 'accepted', postings: move('issuance', 'treasury', amount), mark: 'none' };
}

/** Changes status or limits; what is so already is answered without an entry. */
export function decideSetting(
  account: Account | undefined,
  change: Setting,
  { if_match }: BaseContext,
): Decision | Refusal {
  if (account === undefined) return { kind: 'rejected', rejection: 'RS_ERROR_UNKNOWN' };
  const mismatch = mismatchOf(if_match, account.version);
  if (mismatch !== undefined) return mismatch;
  if (stands(account, change)) return { kind: 'answered', balance: account.balance };
  return { kind: 'accepted', postings: [], mark: 'none' };
}

/** A change of an account that moves no money. */
export type Setting =
  | { readonly kind: 'status'; readonly disabled: boolean }
  | { readonly kind: 'limits'; readonly limits: Limits | undefined };

/** Writes an accepted setting into the account, live and in recovery. */
export function applySetting(account: Account, change: Setting): void {
  if (change.kind === 'status') account.disabled = change.disabled;
  else account.limits = change.limits;
}

function stands(account: Account, change: Setting): boolean {
  return change.kind === 'status'
    ? account.disabled === change.disabled
    : isDeepEqual(account.limits, change.limits);
}
