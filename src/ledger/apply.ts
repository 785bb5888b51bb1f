import assert from 'node:assert/strict';
import { movedToPlayer } from './money.js';
import { Sum } from './sum.js';
import { type Account, type AccountName, fixedAccounts, type Posting } from './vocabulary.js';

/** One partition's books: its share of each system account and the sum of its players. */
export class Books {
  readonly #shares: Map<AccountName, Sum>;

  constructor(values?: BookValues) {
    this.#shares = new Map(fixedAccounts.map((name) => [name, new Sum()]));
    for (const [name, value] of values ?? []) this.#shares.set(name, new Sum(value));
  }

  post(account: AccountName, amount: number): void {
    let share = this.#shares.get(account);
    if (share === undefined) {
      share = new Sum();
      this.#shares.set(account, share);
    }
    share.add(amount);
  }

  values(): BookValues {
    return new Map([...this.#shares].map(([name, sum]) => [name, sum.value()]));
  }
}

/** Balances in minor units, exact; `player` is all players of the partition together. */
export type BookValues = ReadonlyMap<AccountName, bigint>;

/** The books of several partitions together, their players as one account. */
export function accountSums(all: readonly BookValues[]): Record<string, bigint> {
  const accounts: Record<string, bigint> = {};
  for (const values of all) {
    for (const [name, value] of values) {
      const account = name === 'player' ? 'players' : name;
      accounts[account] = (accounts[account] ?? 0n) + value;
    }
  }
  return accounts;
}

/** What all accounts together have: zero, always. */
export function totalOf(values: BookValues): bigint {
  return [...values.values()].reduce((sum, value) => sum + value, 0n);
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
  // At once: a balance between two postings could be larger than a number is exact.
  account.balance += movedToPlayer(postings);
  assert.ok(Number.isSafeInteger(account.balance), 'a balance is a safe integer');
  account.version += 1;
}
