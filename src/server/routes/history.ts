import type { FastifyInstance } from 'fastify';
import type { TransactionType } from '../../engine/economy.js';
import type { Wallet } from '../../engine/wallet.js';
import { addOperation, type Doors } from '../operation.js';
import { examples, page } from '../schemas/examples.js';
import { type PageText, pageIn, pageOf, pageQuery } from '../schemas/parts.js';
import * as schemas from '../schemas/players.js';

const access = { scope: 'credits', self: true } as const;

/** What happened to a player's balance, newest first. */
export function historyRoutes(app: FastifyInstance, doors: Doors, wallet: Wallet): void {
  addOperation<unknown, PageText & { readonly type?: TransactionType }>(
    app,
    doors,
    {
      method: 'GET',
      url: '/v1/players/:id/transactions',
      id: 'listTransactions',
      tag: 'History',
      summary: 'The history, newest first',
      description:
        'balance_after = the one before + sign × amount. Pages stay what they are while new ' +
        'transactions come. A filtered page may have fewer lines than the limit and still go on.',
      access,
      query: pageQuery({ type: schemas.transactionTypes }),
      answers: { 200: pageOf(schemas.transaction) },
      examples: { 200: page(examples.spend, examples.credit) },
      problems: ['invalid_cursor'],
    },
    async ({ player, query }) => ({
      outcome: await wallet.transactions.list(player, {
        ...pageIn(query),
        ...(query.type !== undefined && { type: query.type }),
      }),
    }),
  );
  addOperation(
    app,
    doors,
    {
      method: 'GET',
      url: '/v1/players/:id/transactions/:tx',
      id: 'getTransaction',
      tag: 'History',
      summary: 'One transaction',
      access,
      answers: { 200: schemas.transaction },
      examples: { 200: { ...examples.spend, refunded_amount: 100 } },
      problems: ['not_found'],
    },
    async ({ player, params }) => ({
      outcome: await wallet.transactions.get(player, params['tx'] ?? ''),
    }),
  );
}
