import type { Fault } from './mutations.js';

/** Those of the rules of money. */
export const ledgerMutations: readonly Fault[] = [
  {
    name: 'drops the acknowledgement of a delivery',
    file: 'ledger/transfers.js',
    find: "return grant(postings, [change(message, null, 'outbox')]);",
    replace: 'return grant(postings, []);',
  },
  {
    name: 'gives back what was delivered',
    file: 'ledger/transfers.js',
    find: 'const postings = delivered ? [] :',
    replace: 'const postings = false ? [] :',
  },
  {
    name: 'spends less than it says',
    file: 'ledger/credits.js',
    find: "grant(move('player', 'treasury', amount))",
    replace: "grant(move('player', 'treasury', amount - 1))",
  },
  {
    name: 'refunds more than was spent',
    file: 'ledger/money.js',
    find: 'return asked <= left ? asked',
    replace: 'return asked <= paid ? asked',
  },
  {
    name: 'bets what is not there',
    seed: 4,
    file: 'ledger/checks.js',
    find: "command.kind === 'bet' && !command.free && command.amount > balance",
    replace: "command.kind === 'bet' && !command.free && command.amount > balance + 5",
  },
  {
    name: 'rolls back twice',
    seed: 6,
    file: 'ledger/checks.js',
    find: 'if (reference === undefined || reference.rolledBack)\n        return false;',
    replace: 'if (reference === undefined)\n        return false;',
  },
  {
    name: 'answers a retry with the balance of now',
    file: 'ledger/checks.js',
    find: "return { kind: 'duplicate', balance: known.balance };",
    replace: "return { kind: 'duplicate', balance: situation.account?.balance ?? 0 };",
  },
  {
    name: 'takes a reuse for a retry',
    file: 'ledger/checks.js',
    find: 'if (!known.same || known.rolledBack)',
    replace: 'if (known.rolledBack)',
  },
  {
    name: 'consumes more than is left',
    file: 'ledger/entitlements.js',
    find: 'return quantity > remaining ?',
    replace: 'return quantity > remaining + 1 ?',
  },
  {
    name: 'gives back what was consumed',
    seed: 17,
    file: 'ledger/order-refunds.js',
    find: 'return Math.min(open, remainingOf(lotOf(asked, line), asked.time));',
    replace: 'return open;',
  },
  {
    name: 'takes money for an order that was cancelled',
    file: 'ledger/orders.js',
    find: "if (status === 'PENDING')\n        return found;",
    replace: "if (status !== 'COMPLETED')\n        return found;",
  },
];
