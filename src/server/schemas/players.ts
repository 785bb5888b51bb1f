import * as choices from '../../engine/choices.js';
import {
  amount,
  answer,
  balance,
  body,
  count,
  currency,
  nullable,
  oneOf,
  reason,
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

const clearable = nullable(limit);
export const limitsBody = body({
  max_bet: clearable,
  daily_stake: clearable,
  daily_loss: clearable,
});

export const transactionTypes = oneOf(...choices.transactionTypes);

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

export const creditBody = body(
  {
    amount,
    reason: oneOf(...choices.creditReasons),
    reference: words(255),
    currency,
    note: words(1_000),
  },
  ['amount', 'reason'],
);

export const spendBody = body({ amount, reason, reference: words(255) }, ['amount']);
export const refundBody = body({ amount, reason });
export const transferBody = body({ to: words(255), amount, reason }, ['to', 'amount']);
