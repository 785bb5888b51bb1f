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

export const createdSchema = {
  type: 'object',
  properties: { created: { type: 'integer' } },
} as const;

export const playerSchema = {
  type: 'object',
  properties: {
    player_id: { type: 'string' },
    balance: { type: 'integer' },
    currency: { type: 'string' },
    status: { type: 'string' },
    version: { type: 'integer' },
    limits: { type: 'object', properties: { max_bet: { type: 'integer' } } },
  },
} as const;

export interface StatusBody {
  readonly status: 'ACTIVE' | 'DISABLED';
}

export const statusBodySchema = {
  type: 'object',
  required: ['status'],
  additionalProperties: false,
  properties: { status: { enum: ['ACTIVE', 'DISABLED'] } },
} as const;

/** Limits in minor units; null clears one. */
export interface LimitsBody {
  readonly max_bet?: number | null;
}

export const limitsBodySchema = {
  type: 'object',
  additionalProperties: false,
  properties: {
    max_bet: { type: ['integer', 'null'], minimum: 0, maximum: Number.MAX_SAFE_INTEGER },
  },
} as const;
