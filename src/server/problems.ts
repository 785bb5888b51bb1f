/**
 * Every code that an error body can carry, with its HTTP status and title: the one place where a
 * status is chosen. A code never changes its meaning.
 */
export const problems = {
  malformed_request: [400, 'The request cannot be read'],
  idempotency_key_missing: [400, 'The header Idempotency-Key is required'],
  idempotency_key_invalid: [400, 'The Idempotency-Key is not valid'],
  invalid_cursor: [400, 'The cursor is not valid'],

  unauthenticated: [401, 'Credentials are required'],
  invalid_token: [401, 'The token is not valid'],
  invalid_credentials: [401, 'The credentials are not valid'],
  invalid_signature: [401, 'The signature is not valid'],

  insufficient_funds: [402, 'The balance is too small'],

  forbidden: [403, 'The caller may not do this'],
  account_disabled: [403, 'The account is disabled'],
  self_topup_disabled: [403, 'Players may not top up themselves'],

  player_not_found: [404, 'There is no such player'],
  spend_not_found: [404, 'There is no such spend'],
  order_not_found: [404, 'There is no such order'],
  entitlement_not_found: [404, 'There is no such entitlement'],
  payment_not_found: [404, 'There is no such payment'],
  item_not_found: [404, 'There is no such item'],
  not_found: [404, 'There is nothing at this address'],

  request_timeout: [408, 'The request took too long to arrive'],

  player_exists: [409, 'The player exists'],
  username_taken: [409, 'The username is taken'],
  price_changed: [409, 'The price has changed'],
  order_not_pending: [409, 'The order is not pending'],
  order_expired: [409, 'The order has expired'],
  order_not_refundable: [409, 'The order cannot be refunded'],
  already_refunded: [409, 'It was refunded before'],
  already_owned: [409, 'The player owns it'],
  limit_reached: [409, 'A limit is reached'],
  item_unavailable: [409, 'The item is not for sale'],
  entitlement_not_active: [409, 'The entitlement is not active'],
  not_consumable: [409, 'The item cannot be consumed'],

  version_mismatch: [412, 'The version is another one'],
  payload_too_large: [413, 'The body is too large'],
  unsupported_media_type: [415, 'The content type is not supported'],

  validation_failed: [422, 'The request is not valid'],
  unknown_item: [422, 'The item is not known'],
  currency_mismatch: [422, 'The currency is another one'],
  invalid_referral_code: [422, 'The referral code is not valid'],
  refund_exceeds_remaining: [422, 'The refund is larger than what remains'],
  quantity_exceeds_remaining: [422, 'The quantity is larger than what remains'],
  balance_limit_exceeded: [422, 'The balance would be too large'],
  clawback_insufficient_funds: [422, 'The credits to take back are spent'],
  idempotency_key_reused: [422, 'The Idempotency-Key belongs to another request'],

  precondition_required: [428, 'A precondition is required'],
  rate_limited: [429, 'Too many requests'],
  headers_too_large: [431, 'The headers are too large'],

  internal_error: [500, 'The request failed for a reason of the server'],

  overloaded: [503, 'The wallet takes no more work now; nothing was done'],
  storage_unavailable: [503, 'The wallet cannot write now; nothing was done'],
  unavailable: [503, 'The outcome is unknown; send the same request again'],
} as const satisfies Record<string, readonly [status: number, title: string]>;

export type ProblemCode = keyof typeof problems;

/** A request that ends with an error body; `members` go into the body beside the standard ones. */
export class Problem extends Error {
  readonly code: ProblemCode;
  readonly members: Readonly<Record<string, unknown>>;

  constructor(code: ProblemCode, detail?: string, members: Readonly<Record<string, unknown>> = {}) {
    super(detail ?? problems[code][1]);
    this.name = 'Problem';
    this.code = code;
    this.members = members;
  }

  get status(): number {
    return problems[this.code][0];
  }
}

/** The member `error` of a problem, which the game wallet's front end reads. */
export function spokenOf({ code, message }: Problem): string {
  return spoken[code] ?? message;
}

/** What the game-wallet service says for some problems. */
const spoken: Readonly<Partial<Record<ProblemCode, string>>> = {
  insufficient_funds: 'insufficient funds',
  unknown_item: 'Invalid item',
};

/** Whether an `Authorization` would help: a signature is in headers of its own. */
export function isChallenge(code: ProblemCode): boolean {
  return problems[code][0] === 401 && code !== 'invalid_signature';
}

/** The `application/problem+json` body of a problem (RFC 9457). */
export function problemBody({ code, message, members }: Problem): string {
  const [status, title] = problems[code];
  const type = `urn:problem-type:purser:${code}`;
  return JSON.stringify({ type, title, status, code, detail: message, ...members });
}
