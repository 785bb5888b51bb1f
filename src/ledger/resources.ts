import type * as choices from './choices.js';

/**
 * What the ledger is asked for, keeps and tells beside balances. Amounts are in minor units; times are
 * RFC 3339 in UTC with milliseconds, such as `2026-11-22T09:30:00.000Z`.
 */

export type TransactionType = (typeof choices.transactionTypes)[number];

/**
 * One line of a player's history, in minor units: `balance_after` = the one before + `sign` ×
 * `amount`. `created_at` is RFC 3339, UTC.
 */
export interface Transaction {
  readonly transaction_id: string;
  readonly player_id: string;
  readonly type: TransactionType;
  readonly amount: number;
  readonly sign: 1 | -1;
  readonly currency: string;
  readonly balance_after: number;
  readonly reason?: string;
  readonly reference?: string;
  readonly note?: string;
  /**
   * The transaction that is given back: a spend, a transfer, or what paid for an order or a
   * payment.
   */
  readonly refund_of?: string;
  /** The order that a purchase or its refund is of. */
  readonly order_id?: string;
  readonly payment_id?: string;
  /** The other player of a transfer. */
  readonly counterparty?: string;
  /** Of a spend: what was given back of it so far; only where one transaction is asked for. */
  readonly refunded_amount?: number;
  /** Who asked: `service`, `player`, `admin`, `system`, or `provider:` and its name. */
  readonly by: string;
  readonly created_at: string;
}

export interface CreditBody {
  /** Minor units, 1 to 1,000,000,000,000, as every amount here. */
  readonly amount: number;
  readonly reason: (typeof choices.creditReasons)[number];
  /** 1 to 255 characters, as every `reason` and `reference` of the caller's own. */
  readonly reference?: string;
  /** Must be the player's own. */
  readonly currency?: string;
  /** 1 to 1,000 characters. */
  readonly note?: string;
}

export interface SpendBody {
  /** Minor units, 1 to 1,000,000,000,000. */
  readonly amount: number;
  readonly reason?: string;
  readonly reference?: string;
}

export type ItemKind = (typeof choices.itemKinds)[number];

export interface ItemBody {
  /** 1 to 255 characters. */
  readonly name: string;
  readonly kind: ItemKind;
  /** Minor units a unit, 0 to 1,000,000,000,000. */
  readonly price: number;
  /** Minor units that one unit of an item of kind `currency` gives. */
  readonly grants?: number;
  /** Default true. */
  readonly active?: boolean;
  /** Units ever granted to a player and not revoked, 1 to 1,000,000; absent: any number. */
  readonly max_per_player?: number;
  /** Seconds that a unit lasts, up to 3,153,600,000; absent: for ever. */
  readonly duration?: number;
}

/** A version of an item of the catalogue; versions never change. `updated_at` is RFC 3339, UTC. */
export interface Item extends ItemBody {
  readonly sku: string;
  readonly version: number;
  readonly active: boolean;
  readonly currency: string;
  readonly updated_at: string;
}

export interface OrderLineBody {
  readonly sku: string;
  /** Units, 1 to 1,000,000; of a durable item 1. */
  readonly quantity: number;
}

export interface OrderBody {
  /** 1 to 50, each of another sku. */
  readonly lines: readonly OrderLineBody[];
  /** Minor units: the order is refused when the lines cost another amount. */
  readonly expected_total?: number;
  /** Both steps in one entry. */
  readonly complete?: boolean;
}

/** All that is left (`{}`), some lines, or an amount with `revoke: 'none'`. */
export interface OrderRefundBody {
  readonly lines?: readonly OrderLineBody[];
  /** Minor units. */
  readonly amount?: number;
  /** Which units: those that are unused (default), used ones too, or none: for an amount alone. */
  readonly revoke?: (typeof choices.revocations)[number];
  readonly reason?: string;
}

export type OrderStatus = (typeof choices.orderStatuses)[number];
export type RefundStatus = (typeof choices.refundStatuses)[number];

/** Prices and amounts in minor units, quantities in units of the item. */
export interface OrderLine {
  readonly sku: string;
  readonly item_version: number;
  readonly kind: ItemKind;
  readonly unit_price: number;
  readonly quantity: number;
  readonly refunded_quantity: number;
  readonly refunded_amount: number;
  readonly refund_status: RefundStatus;
  /** The lot that the line gave, once it is completed. */
  readonly entitlement_id?: string;
}

/** Amounts in minor units; times RFC 3339, UTC. */
export interface Order {
  readonly order_id: string;
  readonly player_id: string;
  readonly status: OrderStatus;
  readonly cancel_reason?: 'USER' | 'EXPIRED';
  readonly total: number;
  readonly currency: string;
  readonly lines: readonly OrderLine[];
  readonly refunded_amount: number;
  readonly refund_status: RefundStatus;
  /** Every status that it had, the first one first. */
  readonly history: readonly OrderStatus[];
  readonly created_at: string;
  /** Until when its prices hold: 15 minutes. */
  readonly expires_at: string;
  readonly completed_at?: string;
  /** In the answers that moved money. */
  readonly balance_after?: number;
}

/** Amounts in minor units, quantities in units; `created_at` RFC 3339, UTC. */
export interface OrderRefund {
  readonly refund_id: string;
  readonly order_id: string;
  readonly amount: number;
  readonly lines: readonly {
    readonly sku: string;
    readonly quantity: number;
    readonly amount: number;
  }[];
  /** Units taken back. */
  readonly revoked: readonly {
    readonly entitlement_id: string;
    readonly sku: string;
    readonly quantity: number;
  }[];
  /** Credits taken back that items of kind `currency` had given; absent when none. */
  readonly clawed_back?: number;
  /** What could not be taken back, such as `consumed: 2 of gold_coin`. */
  readonly warnings: readonly string[];
  readonly order_status: OrderStatus;
  readonly refund_status: RefundStatus;
  readonly balance_after: number;
  readonly created_at: string;
}

export type EntitlementStatus = (typeof choices.entitlementStatuses)[number];

/**
 * A lot: the units of one order line. `granted = remaining + consumed + revoked + expired`, in
 * units; times RFC 3339, UTC.
 */
export interface Entitlement {
  readonly entitlement_id: string;
  readonly player_id: string;
  readonly sku: string;
  readonly kind: ItemKind;
  readonly order_id: string;
  readonly status: EntitlementStatus;
  readonly granted: number;
  readonly remaining: number;
  readonly consumed: number;
  readonly revoked: number;
  readonly expired: number;
  readonly created_at: string;
  readonly expires_at?: string;
}

export type PaymentStatus = (typeof choices.paymentStatuses)[number];

/** Amounts in minor units; times RFC 3339, UTC. */
export interface Payment {
  readonly payment_id: string;
  readonly player_id: string;
  readonly provider: string;
  readonly provider_ref?: string;
  readonly amount: number;
  readonly currency: string;
  readonly status: PaymentStatus;
  /** It succeeded after it had failed or expired here. */
  readonly late?: boolean;
  /** What the provider said it took, when that is another amount. */
  readonly received_amount?: number;
  readonly refunded_amount: number;
  readonly created_at: string;
  /**
   * When it is told as EXPIRED without a callback: after a day. A later one is applied all the
   * same.
   */
  readonly expires_at: string;
}

/** A provider's callback; amounts in minor units, `amount_refunded` is cumulative. */
export interface PaymentEvent {
  readonly event_id: string;
  readonly type: (typeof choices.eventTypes)[number];
  readonly payment_id?: string;
  readonly provider_ref?: string;
  readonly amount?: number;
  readonly amount_refunded?: number;
}

/** Applied now or before; waits for a person to look at it; or waits for its payment. */
export interface PaymentEventOutcome {
  readonly status: (typeof choices.eventStatuses)[number];
  readonly payment_id?: string;
}
