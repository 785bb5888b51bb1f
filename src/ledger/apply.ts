import assert from 'node:assert/strict';
import { Sum } from './sum.js';
import { type Account, type AccountName, accountNames, type Posting } from './vocabulary.js';

/** One partition's books: its share of each system account and the sum of its players. */
export class Books {
  readonly #shares: ReadonlyMap<AccountName, Sum>;

  constructor(values?: BookValues) {
    this.#shares = new Map(accountNames.map((name) => [name, new Sum(values?.[name])]));
  }

  post(account: AccountName, amount: number): void {
    this.#shares.get(account)?.add(amount);
  }

  values(): BookValues {
    const entries = [...this.#shares].map(([name, sum]) => [name, sum.value()]);
    return Object.fromEntries(entries) as BookValues;
  }
}

/** Balances in minor units, exact; `player` is all players of the partition together. */
export type BookValues = Readonly<Record<AccountName, bigint>>;

/** What all accounts together have: zero, always. */
export function totalOf(values: BookValues): bigint {
  return accountNames.reduce((sum, name) => sum + values[name], 0n);
}

/** Posts an entry to the books. Its postings must sum to zero. */
export function applyToBooks(books: Books, postings: readonly Posting[]): void {
  let sum = 0;
  for (const { account, amount } of postings) {
    assert.ok(Number.isSafeInteger(amount));
    sum += amount;
    books.post(account, amount);
  }
  assert.equal(sum, 0, 'the postings of an entry sum to zero');
}

/**
 * Posts the player's side of an entry and counts its version. The only place where a balance
 * changes; it runs live and in recovery.
 */
export function applyToAccount(account: Account, postings: readonly Posting[]): void {
  for (const posting of postings) {
    if (posting.account === 'player') account.balance += posting.amount;
  }
  assert.ok(Number.isSafeInteger(account.balance), 'a balance is a safe integer');
  account.version += 1;
}
