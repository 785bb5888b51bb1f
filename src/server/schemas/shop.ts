import * as choices from '../../engine/choices.js';
import {
  amount,
  answer,
  balance,
  body,
  count,
  listOf,
  oneOf,
  price,
  quantity,
  reason,
  sku,
  text,
  time,
  words,
} from './parts.js';

const kinds = oneOf(...choices.itemKinds);

export const itemBody = body(
  {
    name: words(255),
    kind: kinds,
    price,
    grants: amount,
    active: { type: 'boolean' },
    max_per_player: quantity,
    duration: { type: 'integer', minimum: 1, maximum: 3_153_600_000 },
  },
  ['name', 'kind', 'price'],
);

export const item = answer(
  {
    sku: text,
    version: count,
    name: text,
    kind: kinds,
    price: count,
    grants: count,
    active: { type: 'boolean' },
    max_per_player: count,
    duration: count,
    currency: text,
    updated_at: time,
  },
  ['grants', 'max_per_player', 'duration'],
);

const refundStatus = oneOf(...choices.refundStatuses);
const orderStatus = oneOf(...choices.orderStatuses);

const orderLine = answer(
  {
    sku: text,
    item_version: count,
    kind: kinds,
    unit_price: count,
    quantity: count,
    refunded_quantity: count,
    refunded_amount: count,
    refund_status: refundStatus,
    entitlement_id: text,
  },
  ['entitlement_id'],
);

export const order = answer(
  {
    order_id: text,
    player_id: text,
    status: orderStatus,
    cancel_reason: oneOf('USER', 'EXPIRED'),
    total: count,
    currency: text,
    lines: listOf(orderLine),
    refunded_amount: count,
    refund_status: refundStatus,
    history: listOf(orderStatus),
    created_at: time,
    expires_at: time,
    completed_at: time,
    balance_after: balance,
  },
  ['cancel_reason', 'completed_at', 'balance_after'],
);

const lineBody = body({ sku, quantity }, ['sku', 'quantity']);
const lines = { type: 'array', minItems: 1, maxItems: 50, items: lineBody } as const;

export const orderBody = body(
  { lines, expected_total: { ...price }, complete: { type: 'boolean' } },
  ['lines'],
);

export const orderRefundBody = body({
  lines,
  amount,
  revoke: oneOf(...choices.revocations),
  reason,
});

export const orderRefund = answer(
  {
    refund_id: text,
    order_id: text,
    amount: count,
    lines: listOf(answer({ sku: text, quantity: count, amount: count })),
    revoked: listOf(answer({ entitlement_id: text, sku: text, quantity: count })),
    clawed_back: count,
    warnings: listOf(text),
    order_status: orderStatus,
    refund_status: refundStatus,
    balance_after: balance,
    created_at: time,
  },
  ['clawed_back'],
);

export const entitlementStatuses = oneOf(...choices.entitlementStatuses);

export const entitlement = answer(
  {
    entitlement_id: text,
    player_id: text,
    sku: text,
    kind: kinds,
    order_id: text,
    status: entitlementStatuses,
    granted: count,
    remaining: count,
    consumed: count,
    revoked: count,
    expired: count,
    created_at: time,
    expires_at: time,
  },
  ['expires_at'],
);

export const consumeBody = body({ quantity }, ['quantity']);
export const revokeBody = body({ quantity, reason });
