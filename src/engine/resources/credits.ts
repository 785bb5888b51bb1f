import type { CreditArgs, RefundArgs, SpendArgs } from '../../ledger/credits.js';
import type { TransferArgs } from '../../ledger/transfers.js';
import type { Credits, PageOptions, Spends, Transactions, Transfers } from '../economy.js';
import type { Requests } from '../requests.js';

/** What arguments hold is written in one order, so that equal requests are equal bytes. */
export function creditsOf(requests: Requests): Credits {
  return {
    add: (player, { amount, reason, reference, currency, note }, options) => {
      const args: CreditArgs = given({ amount, reason, reference, currency, note });
      return requests.ask({ kind: 'credit', player, args }, options);
    },
  };
}

export function spendsOf(requests: Requests): Spends {
  return {
    create: (player, { amount, reason, reference }, options) => {
      const args: SpendArgs = given({ amount, reason, reference });
      return requests.ask({ kind: 'spend', player, args }, options);
    },
    refund: (player, spend, { amount, reason }, options) => {
      const args: RefundArgs = given({ spend, amount, reason });
      return requests.ask({ kind: 'refund', player, args }, options);
    },
  };
}

export function transfersOf(requests: Requests): Transfers {
  return {
    create: (player, { to, amount, reason }, options) => {
      const args: TransferArgs = given({ to, amount, reason });
      return requests.ask({ kind: 'transfer', player, args }, options);
    },
  };
}

export function transactionsOf(requests: Requests): Transactions {
  return {
    list: (player, { type, ...page } = {}) => {
      return requests.query(player, { what: 'transactions', ...given({ type }), ...pageOf(page) });
    },
    get: (player, id) => requests.query(player, { what: 'transaction', id }),
  };
}

const DEFAULT_PAGE = 50;
const LARGEST_PAGE = 200;

export function pageOf({ limit = DEFAULT_PAGE, cursor }: PageOptions): {
  limit: number;
  cursor?: string;
} {
  const size = Math.min(Math.max(1, Math.trunc(limit) || DEFAULT_PAGE), LARGEST_PAGE);
  return { limit: size, ...given({ cursor }) };
}

type Given<T> = {
  [K in keyof T as undefined extends T[K] ? never : K]: T[K];
} & {
  [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>;
};

/** The members that have a value. */
export function given<T extends object>(members: T): Given<T> {
  const found: Partial<T> = {};
  for (const name in members) if (members[name] !== undefined) found[name] = members[name];
  return found as unknown as Given<T>;
}
