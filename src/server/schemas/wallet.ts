import { rejections } from '../../engine/choices.js';
import { oneOf } from './parts.js';

/** Every status of the wallet protocol; the last one is of the server's own. */
const statuses = ['RS_OK', ...rejections, 'RS_ERROR_INVALID_SIGNATURE'];

/** An answer of the wallet protocol; absent members are left out. */
export const answerSchema = {
  type: 'object',
  properties: {
    user: { type: 'string' },
    status: { type: 'string' },
    request_uuid: { type: 'string' },
    country: { type: 'string' },
    currency: { type: 'string' },
    balance: { type: 'integer' },
  },
} as const;

/** The same for the document, which names every status: to check them costs time on the way. */
export const documentedAnswer = {
  ...answerSchema,
  required: ['status'],
  properties: { ...answerSchema.properties, status: oneOf(...statuses) },
} as const;

export const createdSchema = {
  type: 'object',
  properties: { created: { type: 'integer' } },
} as const;

const text = { type: 'string' } as const;
const uuid = {
  type: 'string',
  pattern: '^[0-9a-fA-F]{8}-([0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}$',
} as const;
const optionalText = { type: ['string', 'null'] } as const;
const optionalFlag = { type: ['boolean', 'null'] } as const;

const optional = {
  token: optionalText,
  supplier_transaction_id: optionalText,
  supplier_user: optionalText,
  round: optionalText,
  round_closed: optionalFlag,
  game_code: optionalText,
  bet: optionalText,
  is_free: optionalFlag,
  is_aggregated: optionalFlag,
  is_supplier_promo: optionalFlag,
  reward_uuid: optionalText,
  meta: { type: ['object', 'null'] },
} as const;

/** Minor units; in `hub88` 0 is allowed. */
const amount = { type: 'integer', minimum: 0, maximum: Number.MAX_SAFE_INTEGER } as const;

export const betBody = {
  type: 'object',
  required: ['user', 'transaction_uuid', 'request_uuid', 'currency', 'amount'],
  properties: {
    ...{ user: text, transaction_uuid: uuid, request_uuid: uuid, currency: text, amount },
    ...optional,
  },
} as const;

export const winBody = {
  ...betBody,
  properties: { ...betBody.properties, reference_transaction_uuid: uuid },
} as const;

export const rollbackBody = {
  type: 'object',
  required: ['user', 'transaction_uuid', 'request_uuid', 'reference_transaction_uuid'],
  properties: {
    ...{ user: text, transaction_uuid: uuid, request_uuid: uuid, reference_transaction_uuid: uuid },
    ...optional,
  },
} as const;

export const balanceBody = {
  type: 'object',
  required: ['user', 'request_uuid'],
  properties: { user: text, request_uuid: uuid, ...optional },
} as const;

export const usersBody = {
  type: 'object',
  required: ['users'],
  properties: { users: { type: 'array' } },
} as const;

export const batchBody = {
  type: 'array',
  maxItems: 4_096,
  items: {
    type: 'object',
    required: ['op'],
    properties: { op: oneOf('bet', 'win', 'rollback'), ...winBody.properties },
  },
} as const;

const BET = 'b66ba302-2819-403a-b35c-53064ae741ca';
const request_uuid = 'd6f33373-55a5-4cc6-adc3-db5964a9e095';

export const walletExamples = {
  bet: { user: 'alice', transaction_uuid: BET, request_uuid, currency: 'USD', amount: 100 },
  win: {
    ...{ user: 'alice', transaction_uuid: '39c207bb-e421-4c3b-a9f3-caf04be29815', request_uuid },
    ...{ currency: 'USD', amount: 150, reference_transaction_uuid: BET },
  },
  rollback: {
    ...{ user: 'alice', transaction_uuid: 'a5dfe923-6421-46fb-8f34-74efb91b2ab5', request_uuid },
    reference_transaction_uuid: BET,
  },
  balance: { user: 'alice', request_uuid },
  answer: { user: 'alice', status: 'RS_OK', request_uuid, currency: 'USD', balance: 99_900 },
} as const;
