import * as choices from '../../engine/choices.js';
import {
  amount,
  answer,
  body,
  count,
  listOf,
  nullable,
  oneOf,
  text,
  time,
  words,
} from './parts.js';
import { matching } from './patterns.js';

const provider = matching('^[a-z0-9_-]{1,32}$');
const providerRef = matching('^[!-~]{1,200}$');

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
    status: oneOf(...choices.paymentStatuses),
    late: { type: 'boolean' },
    received_amount: count,
    refunded_amount: count,
    created_at: time,
    expires_at: time,
  },
  ['provider_ref', 'late', 'received_amount'],
);

const eventAmount = nullable({
  type: 'integer',
  minimum: 0,
  maximum: Number.MAX_SAFE_INTEGER,
});

/** Other members are the provider's own and are ignored. */
export const eventBody = {
  type: 'object',
  required: ['type'],
  properties: {
    event_id: nullable(words(255)),
    type: oneOf(...choices.eventTypes),
    payment_id: nullable(words(255)),
    provider_ref: nullable(words(255)),
    amount: eventAmount,
    amount_refunded: eventAmount,
  },
} as const;

export const eventOutcome = answer({ status: oneOf(...choices.eventStatuses), payment_id: text }, [
  'payment_id',
]);

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
