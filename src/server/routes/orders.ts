import type { FastifyInstance } from 'fastify';
import type { OrderBody, OrderRefundBody } from '../../engine/economy.js';
import type { Wallet } from '../../engine/wallet.js';
import { may } from '../caller.js';
import { addOperation, type Doors } from '../operation.js';
import { Problem } from '../problems.js';
import { examples, page } from '../schemas/examples.js';
import { body, type PageText, pageIn, pageOf, pageQuery } from '../schemas/parts.js';
import * as schemas from '../schemas/shop.js';

const tag = 'Orders';
const access = { scope: 'orders', self: true } as const;
const moves = { method: 'POST', tag, key: 'required', condition: true } as const;
const completed = {
  ...examples.order,
  status: 'COMPLETED',
  lines: examples.order.lines.map((line) => ({
    ...line,
    entitlement_id: examples.entitlement.entitlement_id,
  })),
  history: ['PENDING', 'COMPLETED'],
  completed_at: examples.order.created_at,
  balance_after: 1_265,
};
const cancelled = {
  ...examples.order,
  status: 'CANCELLED',
  cancel_reason: 'USER',
  history: ['PENDING', 'CANCELLED'],
};

/** Orders: PENDING with frozen prices, then COMPLETED or CANCELLED; refunds. */
export function orderRoutes(app: FastifyInstance, doors: Doors, { orders }: Wallet): void {
  addOperation<OrderBody>(
    app,
    doors,
    {
      ...moves,
      url: '/v1/players/:id/orders',
      id: 'createOrder',
      summary: 'Makes an order with the prices of now',
      description:
        'The server computes the total; expected_total is only compared. PENDING for 15 minutes; ' +
        'with complete: true it is paid in the same entry, and 402 stores nothing.',
      access,
      body: schemas.orderBody,
      bodyExample: { lines: [{ sku: 'gold_coin', quantity: 2 }] },
      answers: { 201: schemas.order },
      examples: { 201: examples.order },
      problems: [
        'insufficient_funds',
        'account_disabled',
        'unknown_item',
        'item_unavailable',
        'currency_mismatch',
        'price_changed',
        'already_owned',
        'limit_reached',
        'balance_limit_exceeded',
      ],
    },
    async ({ player, body, options }) => ({ outcome: await orders.create(player, body, options) }),
  );
  addOperation(
    app,
    doors,
    {
      ...moves,
      url: '/v1/players/:id/orders/:order/complete',
      id: 'completeOrder',
      summary: 'Pays for a PENDING order: debit and entitlements in one entry',
      access,
      body: body({}),
      bodyOptional: true,
      answers: { 200: schemas.order },
      examples: { 200: completed },
      problems: [
        'order_not_found',
        'order_not_pending',
        'order_expired',
        'insufficient_funds',
        'account_disabled',
        'already_owned',
        'limit_reached',
        'balance_limit_exceeded',
      ],
    },
    async ({ player, params, options }) => ({
      outcome: await orders.complete(player, params['order'] ?? '', options),
    }),
  );
  addOperation(
    app,
    doors,
    {
      ...moves,
      url: '/v1/players/:id/orders/:order/cancel',
      id: 'cancelOrder',
      summary: 'Ends a PENDING order without money',
      access,
      body: body({}),
      bodyOptional: true,
      answers: { 200: schemas.order },
      examples: { 200: cancelled },
      problems: ['order_not_found', 'order_not_pending', 'order_expired'],
    },
    async ({ player, params, options }) => ({
      outcome: await orders.cancel(player, params['order'] ?? '', options),
    }),
  );
  addOperation<OrderRefundBody>(
    app,
    doors,
    {
      ...moves,
      url: '/v1/players/:id/orders/:order/refunds',
      id: 'refundOrder',
      summary: 'Gives money back and takes entitlements back, in one entry',
      description:
        '{} refunds all that can be refunded; lines some units; an amount (with revoke: none) leaves ' +
        'the units. revoke: force (admin) also pays back what was used.',
      access: { scope: 'orders' },
      body: schemas.orderRefundBody,
      bodyOptional: true,
      bodyExample: { lines: [{ sku: 'gold_coin', quantity: 1 }] },
      answers: { 201: schemas.orderRefund },
      examples: { 201: examples.orderRefund },
      problems: [
        'order_not_found',
        'order_not_refundable',
        'already_refunded',
        'refund_exceeds_remaining',
        'clawback_insufficient_funds',
        'balance_limit_exceeded',
      ],
    },
    async ({ player, params, body, options, caller }) => {
      if (body.revoke === 'force' && !may(caller, 'admin')) {
        throw new Problem('forbidden', 'To force a refund takes the scope admin.');
      }
      return { outcome: await orders.refund(player, params['order'] ?? '', body, options) };
    },
  );
  addOperation<unknown, PageText>(
    app,
    doors,
    {
      method: 'GET',
      url: '/v1/players/:id/orders',
      id: 'listOrders',
      tag,
      summary: 'The orders, newest first',
      access,
      query: pageQuery(),
      answers: { 200: pageOf(schemas.order) },
      examples: { 200: page(examples.order) },
      problems: ['invalid_cursor'],
    },
    async ({ player, query }) => ({ outcome: await orders.list(player, pageIn(query)) }),
  );
  addOperation(
    app,
    doors,
    {
      method: 'GET',
      url: '/v1/players/:id/orders/:order',
      id: 'getOrder',
      tag,
      summary: 'One order',
      access,
      answers: { 200: schemas.order },
      examples: { 200: examples.order },
      problems: ['order_not_found'],
    },
    async ({ player, params }) => ({ outcome: await orders.get(player, params['order'] ?? '') }),
  );
}
