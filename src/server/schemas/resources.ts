import {
  amount,
  answer,
  balance,
  body,
  count,
  currency,
  listOf,
  oneOf,
  price,
  quantity,
  sku,
  text,
  time,
  words,
} from './parts.js';

const limit = { type: 'integer', minimum: 0, maximum: Number.MAX_SAFE_INTEGER } as const;

/** Limits in minor units; an absent one does not limit. */
const playerLimits = answer({ max_bet: limit, daily_stake: limit, daily_loss: limit }, [
  'max_bet',
  'daily_stake',
  'daily_loss',
]);

export const player = answer({
  player_id: text,
  balance,
  currency: text,
  status: oneOf('ACTIVE', 'DISABLED'),
  version: count,
  limits: playerLimits,
});

export const playerBody = body(
  {
    player_id: words(255),
    currency,
    initial_balance: { type: 'integer', minimum: 0, maximum: Number.MAX_SAFE_INTEGER },
  },
  ['player_id'],
);

export const statusBody = body({ status: oneOf('ACTIVE', 'DISABLED') }, ['status']);

const clearable = { ...limit, type: ['integer', 'null'] } as const;
export const limitsBody = body({
  max_bet: clearable,
  daily_stake: clearable,
  daily_loss: clearable,
});

export const transactionTypes = oneOf(
  'OPENING',
  'CREDIT',
  'SPEND',
  'REFUND',
  'BET',
  'WIN',
  'ROLLBACK',
  'ORDER',
  'ORDER_REFUND',
  'TOP_UP',
  'PAYMENT',
  'CLAWBACK',
  'TRANSFER_OUT',
  'TRANSFER_IN',
  'TRANSFER_RETURN',
  'SIGNUP_BONUS',
  'REFERRAL_BONUS',
);

export const transaction = answer(
  {
    transaction_id: text,
    player_id: text,
    type: transactionTypes,
    amount: count,
    sign: { type: 'integer', enum: [1, -1] },
    currency: text,
    balance_after: balance,
    reason: text,
    reference: text,
    note: text,
    refund_of: text,
    order_id: text,
    payment_id: text,
    counterparty: text,
    refunded_amount: count,
    by: text,
    created_at: time,
  },
  [
    'reason',
    'reference',
    'note',
    'refund_of',
    'order_id',
    'payment_id',
    'counterparty',
    'refunded_amount',
  ],
);

const reason = words(255);

export const creditBody = body(
  {
    amount,
    reason: oneOf('PURCHASE', 'BONUS', 'REWARD', 'ADJUSTMENT'),
    reference: words(255),
    currency,
    note: words(1_000),
  },
  ['amount', 'reason'],
);

export const spendBody = body({ amount, reason, reference: words(255) }, ['amount']);
export const refundBody = body({ amount, reason });
export const transferBody = body({ to: words(255), amount, reason }, ['to', 'amount']);

const kinds = oneOf('durable', 'consumable', 'currency');

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

const refundStatus = oneOf('NONE', 'PARTIAL', 'FULL');
const orderStatus = oneOf('PENDING', 'COMPLETED', 'CANCELLED', 'REFUNDED');

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
  revoke: oneOf('unused', 'force', 'none'),
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

export const entitlementStatuses = oneOf('ACTIVE', 'CONSUMED', 'REVOKED', 'EXPIRED');

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

const provider = { type: 'string', pattern: '^[a-z0-9_-]{1,32}$' } as const;
const providerRef = { type: 'string', pattern: '^[!-~]{1,200}$' } as const;

export const paymentBody = body({ provider, amount, provider_ref: providerRef }, [
  'provider',
  'amount',
]);

export const payment = answer(
  {
    payment_id: text,
    player_id: text,
    provider: text,
    provider_ref: text,
    amount: count,
    currency: text,
    status: oneOf('PENDING', 'SUCCEEDED', 'FAILED', 'EXPIRED', 'REVIEW', 'REFUNDED'),
    late: { type: 'boolean' },
    received_amount: count,
    refunded_amount: count,
    created_at: time,
    expires_at: time,
  },
  ['provider_ref', 'late', 'received_amount'],
);

/** Other members are the provider's own and are ignored. */
export const eventBody = {
  type: 'object',
  required: ['type'],
  properties: {
    event_id: words(255),
    type: oneOf('payment.succeeded', 'payment.failed', 'payment.refunded'),
    payment_id: words(255),
    provider_ref: words(255),
    amount: { type: 'integer', minimum: 0, maximum: Number.MAX_SAFE_INTEGER },
    amount_refunded: { type: 'integer', minimum: 0, maximum: Number.MAX_SAFE_INTEGER },
  },
} as const;

export const eventOutcome = answer(
  { status: oneOf('applied', 'duplicate', 'review', 'parked'), payment_id: text },
  ['payment_id'],
);

const exact = { type: 'string', pattern: '^-?[0-9]+$' } as const;

/** Exact beyond 2^53, so as decimal text. */
export const treasury = answer({
  accounts: { type: 'object', additionalProperties: exact },
  total: exact,
});

export const audit = answer(
  {
    ok: { type: 'boolean' },
    fault: text,
    position: listOf(count),
    entries: count,
    players: count,
    orders: count,
    entitlements: count,
    accounts: { type: 'object', additionalProperties: exact },
    total: exact,
    in_transit: answer({ messages: count, amount: exact }),
  },
  ['fault'],
);
