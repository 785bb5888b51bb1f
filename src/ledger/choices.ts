/** Members of resources that are one of a few texts: the types, forms and schemas come from these. */

export const transactionTypes = [
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
] as const;

export const creditReasons = ['PURCHASE', 'BONUS', 'REWARD', 'ADJUSTMENT'] as const;
export const itemKinds = ['durable', 'consumable', 'currency'] as const;
export const orderStatuses = ['PENDING', 'COMPLETED', 'CANCELLED', 'REFUNDED'] as const;
export const refundStatuses = ['NONE', 'PARTIAL', 'FULL'] as const;
export const revocations = ['unused', 'force', 'none'] as const;
export const entitlementStatuses = ['ACTIVE', 'CONSUMED', 'REVOKED', 'EXPIRED'] as const;
export const paymentStatuses = [
  'PENDING',
  'SUCCEEDED',
  'FAILED',
  'EXPIRED',
  'REVIEW',
  'REFUNDED',
] as const;
export const eventTypes = ['payment.succeeded', 'payment.failed', 'payment.refunded'] as const;
export const eventStatuses = ['applied', 'duplicate', 'review', 'parked'] as const;
