import { credit, refund, spend } from '../../ledger/credits.js';
import { transfer } from '../../ledger/transfers.js';
import type { Credits, Spends, Transactions, Transfers } from '../economy.js';
import type { Requests } from '../requests.js';
import { argsOf, pageOf } from './arguments.js';

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
