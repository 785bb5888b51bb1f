/**
 * Why a request of the credits, orders, payments and players families is refused: the closed list,
 * in the words of the HTTP contract. Nothing changes then, and its key stays free.
 */
export type RefusalCode =
  | 'validation_failed'
  | 'idempotency_key_reused'
  | 'version_mismatch'
  | 'precondition_required'
  | 'player_not_found'
  | 'player_exists'
  | 'username_taken'
  | 'account_disabled'
  | 'currency_mismatch'
  | 'insufficient_funds'
  | 'balance_limit_exceeded'
  | 'spend_not_found'
  | 'not_found'
  | 'invalid_cursor'
  | 'already_refunded'
  | 'refund_exceeds_remaining'
  | 'item_not_found'
  | 'unknown_item'
  | 'item_unavailable'
  | 'price_changed'
  | 'already_owned'
  | 'limit_reached'
  | 'order_not_found'
  | 'order_not_pending'
  | 'order_expired'
  | 'order_not_refundable'
  | 'clawback_insufficient_funds'
  | 'entitlement_not_found'
  | 'entitlement_not_active'
  | 'not_consumable'
  | 'quantity_exceeds_remaining'
  | 'payment_not_found'
  | 'invalid_referral_code';

/** A refusal with what its answer tells beside the code. */
export interface Refusal {
  readonly kind: 'refused';
  readonly code: RefusalCode;
  readonly members: Readonly<Record<string, unknown>>;
}

export function refuse(
  code: RefusalCode,
  members: Readonly<Record<string, unknown>> = {},
): Refusal {
  return { kind: 'refused', code, members };
}

export function isRefusal(value: unknown): value is Refusal {
  return typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'refused';
}

/** `validation_failed` at one member, as a JSON pointer. */
export function invalid(pointer: string, detail: string): Refusal {
  return refuse('validation_failed', { errors: [{ pointer, detail }] });
}
