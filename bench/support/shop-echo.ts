import fastify from 'fastify';
import { answerAfterDisk } from './after-disk.js';

/**
 * The baseline: the shop's routes with schemas as large, that only echo. Started with a directory, it
 * answers after the disk has a value.
 */
const text = { type: 'string' } as const;
const whole = { type: 'integer' } as const;
const answer = (properties: Readonly<Record<string, object>>) =>
  ({ type: 'object', required: Object.keys(properties), properties }) as const;
const line = answer({
  sku: text,
  item_version: whole,
  kind: text,
  unit_price: whole,
  quantity: whole,
  refunded_quantity: whole,
  refunded_amount: whole,
  refund_status: text,
});
const order = answer({
  order_id: text,
  player_id: text,
  status: text,
  total: whole,
  currency: text,
  lines: { type: 'array', items: line },
  refunded_amount: whole,
  refund_status: text,
  history: { type: 'array', items: text },
  created_at: text,
  expires_at: text,
});
const transaction = answer({
  transaction_id: text,
  player_id: text,
  type: text,
  amount: whole,
  sign: whole,
  currency: text,
  balance_after: whole,
  by: text,
  created_at: text,
});
const refund = answer({
  refund_id: text,
  order_id: text,
  amount: whole,
  lines: { type: 'array', items: answer({ sku: text, quantity: whole, amount: whole }) },
  revoked: { type: 'array', items: answer({ entitlement_id: text, sku: text, quantity: whole }) },
  warnings: { type: 'array', items: text },
  order_status: text,
  refund_status: text,
  balance_after: whole,
  created_at: text,
});
const body = (properties: Readonly<Record<string, object>>) =>
  ({ type: 'object', additionalProperties: false, properties }) as const;
const bodies = {
  credit: body({ amount: whole, reason: text }),
  order: body({
    lines: { type: 'array', items: body({ sku: text, quantity: whole }) },
  }),
  nothing: body({}),
};

const created_at = '2026-01-31T12:00:00.000Z';
const ID = '01a1fc943b5900006cbcf07bc9abcc00';

interface Asked {
  readonly params: { readonly id: string; readonly order?: string };
  readonly body: {
    readonly amount?: number;
    readonly lines?: readonly { readonly sku: string; readonly quantity: number }[];
  };
}

function orderOf(
  { params, body: { lines = [{ sku: 'potion', quantity: 2 }] } }: Asked,
  status: string,
) {
  return {
    order_id: params.order ?? `ord_${ID}`,
    player_id: params.id,
    status,
    total: 20,
    currency: 'USD',
    lines: lines.map(({ sku, quantity }) => ({
      ...{ sku, item_version: 1, kind: 'consumable', unit_price: 10, quantity },
      ...{ refunded_quantity: 0, refunded_amount: 0, refund_status: 'NONE' },
    })),
    ...{ refunded_amount: 0, refund_status: 'NONE', history: ['PENDING'] },
    ...{ created_at, expires_at: created_at },
  };
}

const [, , directory] = process.argv;
const app = fastify();
if (directory !== undefined) answerAfterDisk(app, directory);
const at = '/v1/players/:id';
app.post(
  `${at}/credits`,
  { schema: { body: bodies.credit, response: { 201: transaction } } },
  async (request, reply) => {
    const {
      params,
      body: { amount },
    } = request as unknown as Asked;
    reply.code(201).header('etag', '"7"');
    return {
      ...{ transaction_id: `tx_${ID}`, player_id: params.id, type: 'CREDIT', amount, sign: 1 },
      ...{ currency: 'USD', balance_after: 100, by: 'service', created_at },
    };
  },
);
app.post(
  `${at}/orders`,
  { schema: { body: bodies.order, response: { 201: order } } },
  async (request, reply) => {
    reply.code(201).header('etag', '"7"');
    return orderOf(request as unknown as Asked, 'PENDING');
  },
);
app.post(
  `${at}/orders/:order/complete`,
  { schema: { body: bodies.nothing, response: { 200: order } } },
  async (request, reply) => {
    reply.header('etag', '"7"');
    return orderOf({ ...(request as unknown as Asked), body: {} }, 'COMPLETED');
  },
);
app.post(
  `${at}/orders/:order/refunds`,
  { schema: { body: bodies.nothing, response: { 201: refund } } },
  async (request, reply) => {
    const { params } = request as unknown as Asked;
    reply.code(201).header('etag', '"7"');
    return {
      ...{ refund_id: `ref_${ID}`, order_id: params.order, amount: 20 },
      lines: [{ sku: 'potion', quantity: 2, amount: 20 }],
      revoked: [{ entitlement_id: `ent_${ID}00`, sku: 'potion', quantity: 2 }],
      ...{ warnings: [], order_status: 'REFUNDED', refund_status: 'FULL', balance_after: 100 },
      created_at,
    };
  },
);
app.post('/signup', async () => ({ userId: 'x', status: 'Created', referralCode: 'REF-000000' }));
await app.listen({ host: '127.0.0.1', port: 0 });
console.log(`echo listening on ${app.listeningOrigin}`);
