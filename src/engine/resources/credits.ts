import { credit, refund, spend } from '../../ledger/credits.js';
import { transfer } from '../../ledger/transfers.js';
import type { Credits, PageOptions, Spends, Transactions, Transfers } from '../economy.js';
import type { Requests } from '../requests.js';
import { argsOf } from './arguments.js';

export function creditsOf(requests: Requests): Credits {
  return {
    add: (player, body, options) => {
      const args = argsOf(credit.form, body);
      return requests.ask({ kind: 'credit', player, args }, options);
    },
  };
}

export function spendsOf(requests: Requests): Spends {
  return {
    create: (player, body, options) => {
      const args = argsOf(spend.form, body);
      return requests.ask({ kind: 'spend', player, args }, options);
    },
    refund: (player, transaction, body, options) => {
      const args = argsOf(refund.form, body, { spend: transaction });
      return requests.ask({ kind: 'refund', player, args }, options);
    },
  };
}

export function transfersOf(requests: Requests): Transfers {
  return {
    create: (player, body, options) => {
      const args = argsOf(transfer.form, body);
      return requests.ask({ kind: 'transfer', player, args }, options);
    },
  };
}

export function transactionsOf(requests: Requests): Transactions {
  return {
    list: (player, page) => requests.query(player, { ...pageOf(page), what: 'transactions' }),
    get: (player, id) => requests.query(player, { what: 'transaction', id }),
  };
}

const DEFAULT_PAGE = 50;
const LARGEST_PAGE = 200;

/** What is asked of a list; a limit is brought into its bounds. */
export function pageOf<T extends PageOptions>(page?: T): T & { readonly limit: number } {
  const { limit = DEFAULT_PAGE } = page ?? {};
  const size =
    typeof limit === 'number'
      ? Math.min(Math.max(1, Math.trunc(limit) || DEFAULT_PAGE), LARGEST_PAGE)
      : limit;
  return { ...(page as T), limit: size };
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
