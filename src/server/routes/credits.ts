import type { FastifyInstance } from 'fastify';
import type { CreditBody, SpendBody } from '../../engine/economy.js';
import type { Wallet } from '../../engine/wallet.js';
import { addOperation, type Doors } from '../operation.js';
import { examples } from '../schemas/examples.js';
import * as schemas from '../schemas/players.js';

const created = {
  method: 'POST',
  tag: 'Credits',
  key: 'required',
  condition: true,
  answers: { 201: schemas.transaction },
} as const;

interface RefundBody {
  readonly amount?: number;
  readonly reason?: string;
}

/** Credits: added, spent, given back, sent to another player. */
export function creditRoutes(app: FastifyInstance, doors: Doors, wallet: Wallet): void {
  addOperation<CreditBody>(
    app,
    doors,
    {
      ...created,
      url: '/v1/players/:id/credits',
      id: 'addCredits',
      summary: 'Adds credits',
      access: { scope: 'credits' },
      body: schemas.creditBody,
      bodyExample: { amount: 500, reason: 'PURCHASE', reference: 'invoice-17' },
      examples: { 201: examples.credit },
      problems: ['currency_mismatch', 'balance_limit_exceeded'],
    },
    async ({ player, body, options }) => ({
      outcome: await wallet.credits.add(player, body, options),
    }),
  );
  addOperation<SpendBody>(
    app,
    doors,
    {
      ...created,
      url: '/v1/players/:id/spends',
      id: 'spendCredits',
      summary: 'Spends credits, when there are enough',
      access: { scope: 'credits', self: true },
      body: schemas.spendBody,
      bodyExample: { amount: 300, reason: 'sword' },
      examples: { 201: examples.spend },
      problems: ['insufficient_funds', 'account_disabled'],
    },
    async ({ player, body, options }) => ({
      outcome: await wallet.spends.create(player, body, options),
    }),
  );
  addOperation<RefundBody>(
    app,
    doors,
    {
      ...created,
      url: '/v1/players/:id/spends/:tx/refunds',
      id: 'refundSpend',
      summary: 'Gives back a spend, whole or in part',
      description:
        'Without an amount: all that is left. Never more than was spent, over all refunds.',
      access: { scope: 'credits' },
      body: schemas.refundBody,
      bodyOptional: true,
      bodyExample: { amount: 100 },
      examples: { 201: examples.refund },
      problems: [
        'spend_not_found',
        'already_refunded',
        'refund_exceeds_remaining',
        'balance_limit_exceeded',
      ],
    },
    async ({ player, params, body, options }) => ({
      outcome: await wallet.spends.refund(player, params['tx'] ?? '', body, options),
    }),
  );
  addOperation<{ to: string; amount: number; reason?: string }>(
    app,
    doors,
    {
      ...created,
      url: '/v1/players/:id/transfers',
      id: 'transferCredits',
      summary: 'Sends credits to another player, exactly once',
      description:
        'The money has left the sender when this is answered. An unknown or disabled recipient, or ' +
        'one of another currency, gives it back: TRANSFER_RETURN in the history.',
      access: { scope: 'credits', self: true },
      body: schemas.transferBody,
      bodyExample: { to: 'bob', amount: 15 },
      examples: { 201: examples.transfer },
      problems: ['insufficient_funds', 'account_disabled'],
    },
    async ({ player, body, options }) => ({
      outcome: await wallet.transfers.create(player, body, options),
    }),
  );
}
