import type { RefusalCode } from '../ledger/refusals.js';
import type { IfMatch } from '../ledger/request.js';
import type {
  Entitlement,
  EntitlementStatus,
  Item,
  ItemBody,
  Order,
  OrderRefund,
  Payment,
  PaymentEvent,
  PaymentEventOutcome,
  Transaction,
  TransactionType,
} from '../ledger/resources.js';

export type { RefusalCode } from '../ledger/refusals.js';
export type { IfMatch } from '../ledger/request.js';
export type * from '../ledger/resources.js';

/** A refusal, as an answer: its code and what belongs to it (`balance`, `required`, `errors` …). */
export interface Refused {
  readonly ok: false;
  readonly code: RefusalCode;
  readonly members: Readonly<Record<string, unknown>>;
}

/** What was asked for is done and durable. */
export interface Done<T> {
  readonly ok: true;
  readonly value: T;
  /** The answer was given before, under the same key and content; nothing was applied now. */
  readonly replayed: boolean;
  /** The player's version after it (for an item: the item's). */
  readonly version: number;
}

export type Outcome<T> = Done<T> | Refused;

/** Who asks; it is recorded with the entry. */
export type Actor = 'service' | 'player' | 'admin';

/** What must be so for a change to be made. */
export interface Condition {
  /**
   * Refuse (`version_mismatch`) unless the player, or the item, has this version or one of these;
   * `*`: any.
   */
  readonly ifMatch?: IfMatch;
}

/** What goes with every request that moves money or ownership. */
export interface RequestOptions extends Condition {
  /** 1 to 255 visible ASCII characters; its scope is the player; kept for ever. */
  readonly idempotencyKey: string;
  /** Default `service`. */
  readonly by?: Actor;
}

/** The same where the key is optional: without one every call is a new request. */
export type OptionalRequestOptions = Partial<RequestOptions>;

/** How much of a list; `cursor` is a `next_cursor` of the same list. */
export interface PageOptions {
  /** 1 to 200, default 50. */
  readonly limit?: number;
  readonly cursor?: string;
}

export interface Page<T> {
  readonly data: readonly T[];
  readonly next_cursor: string | null;
}

/** Every method refuses `player_not_found`, and `balance_limit_exceeded` beyond 2^53-1. */
export interface Credits {
  /** Adds credits, from `issuance`. */
  add(player: string, body: CreditBody, options: RequestOptions): Promise<Outcome<Transaction>>;
}

export interface CreditBody {
  /** Minor units, 1 to 1,000,000,000,000, as every amount here. */
  readonly amount: number;
  readonly reason: 'PURCHASE' | 'BONUS' | 'REWARD' | 'ADJUSTMENT';
  readonly reference?: string;
  /** Must be the player's own (`currency_mismatch`). */
  readonly currency?: string;
  readonly note?: string;
}

/** Money that a player spends outside of the shop. */
export interface Spends {
  /** Spends credits: `insufficient_funds` with `balance` and `required` when there are too few. */
  create(player: string, body: SpendBody, options: RequestOptions): Promise<Outcome<Transaction>>;
  /**
   * Refunds what is left of a spend, or a part of it: `refund_exceeds_remaining` (`max_refundable`)
   * beyond that, `already_refunded` when nothing is left, `spend_not_found`.
   */
  refund(
    player: string,
    transaction: string,
    body: { readonly amount?: number; readonly reason?: string },
    options: RequestOptions,
  ): Promise<Outcome<Transaction>>;
}

export interface SpendBody {
  readonly amount: number;
  readonly reason?: string;
  readonly reference?: string;
}

/** Money between players, who may live in different partitions. */
export interface Transfers {
  /**
   * Sends money to another player, who gets it exactly once. It has left the sender when this
   * resolves; an unknown or disabled recipient, or one of another currency, gives it back.
   */
  create(
    player: string,
    body: { readonly to: string; readonly amount: number; readonly reason?: string },
    options: RequestOptions,
  ): Promise<Outcome<Transaction>>;
}

/** The history of a player. */
export interface Transactions {
  /** Newest first; a page may have fewer lines than asked for. `invalid_cursor` for one of another list. */
  list(
    player: string,
    options?: PageOptions & { readonly type?: TransactionType },
  ): Promise<Outcome<Page<Transaction>>>;
  /** One of the player's own, by id; of a spend with `refunded_amount`. Else `not_found`. */
  get(player: string, transaction: string): Promise<Outcome<Transaction>>;
}

/** The catalogue, in versions that never change. */
export interface Items {
  /** The newest versions, by sku. */
  list(options?: PageOptions): Promise<Outcome<Page<Item>>>;
  /** The newest version; `item_not_found`. */
  get(sku: string): Promise<Outcome<Item>>;
  /** Makes an item, or its next version; an existing one needs `ifMatch`. `replayed`: no change. */
  put(
    sku: string,
    body: ItemBody,
    condition?: Condition & { readonly ifNoneMatch?: '*' },
  ): Promise<Outcome<Item>>;
}

/** PENDING, then COMPLETED or CANCELLED; COMPLETED, then REFUNDED. */
export interface Orders {
  /**
   * Freezes prices; nothing moves until it is completed, at once with `complete`. Refuses
   * `unknown_item`, `item_unavailable`, `price_changed`, `already_owned`, `limit_reached`.
   */
  create(player: string, body: OrderBody, options: RequestOptions): Promise<Outcome<Order>>;
  /**
   * The debit and the entitlements, in one entry. Refuses `insufficient_funds`, `order_expired`,
   * `order_not_pending`, `already_owned`, `limit_reached`.
   */
  complete(player: string, order: string, options: RequestOptions): Promise<Outcome<Order>>;
  /** Gives a PENDING order up; else `order_not_pending`. */
  cancel(player: string, order: string, options: RequestOptions): Promise<Outcome<Order>>;
  /**
   * Gives money back and takes units back, in one entry. Refuses `refund_exceeds_remaining`
   * (`max_refundable`), `already_refunded`, `order_not_refundable`, `clawback_insufficient_funds`.
   */
  refund(
    player: string,
    order: string,
    body: OrderRefundBody,
    options: RequestOptions,
  ): Promise<Outcome<OrderRefund>>;
  /** One of the player's own; else `order_not_found`. */
  get(player: string, order: string): Promise<Outcome<Order>>;
  /** Newest first. */
  list(player: string, options?: PageOptions): Promise<Outcome<Page<Order>>>;
}

export interface OrderLineBody {
  readonly sku: string;
  readonly quantity: number;
}

export interface OrderBody {
  readonly lines: readonly OrderLineBody[];
  readonly expected_total?: number;
  /** Both steps in one entry. */
  readonly complete?: boolean;
}

/** All that is left (`{}`), some lines, or an amount with `revoke: 'none'`. */
export interface OrderRefundBody {
  readonly lines?: readonly OrderLineBody[];
  readonly amount?: number;
  readonly revoke?: 'unused' | 'force' | 'none';
  readonly reason?: string;
}

/** What a player owns, in lots: `granted = remaining + consumed + revoked + expired`, in units. */
export interface Entitlements {
  /** Newest first, of a sku or a status alone if asked for. */
  list(
    player: string,
    options?: PageOptions & { readonly sku?: string; readonly status?: EntitlementStatus },
  ): Promise<Outcome<Page<Entitlement>>>;
  /** Uses units up. Refuses `not_consumable`, `entitlement_not_active`, `quantity_exceeds_remaining`. */
  consume(
    player: string,
    entitlement: string,
    body: { readonly quantity: number },
    options: RequestOptions,
  ): Promise<Outcome<Entitlement>>;
  /** Takes units away without money, all that are left unless a number is given; refuses likewise. */
  revoke(
    player: string,
    entitlement: string,
    body: { readonly quantity?: number; readonly reason?: string },
    options: RequestOptions,
  ): Promise<Outcome<Entitlement>>;
}

/** Money that comes through a provider. */
export interface Payments {
  /** Begins a payment: PENDING, for a day, until the provider's callback; nothing moves yet. */
  create(
    player: string,
    body: { readonly provider: string; readonly amount: number; readonly provider_ref?: string },
    options: RequestOptions,
  ): Promise<Outcome<Payment>>;
  /** One of the player's own; else `payment_not_found`. */
  get(player: string, payment: string): Promise<Outcome<Payment>>;
  /** A provider's callback, whose signature the caller has checked; durable when it resolves. */
  receive(provider: string, event: PaymentEvent): Promise<Outcome<PaymentEventOutcome>>;
}

/** Players with a password: the endpoints of the game-wallet service. */
export interface Accounts {
  /** Player, welcome bonus and the debt to the referrer are one entry. The username is NFC. */
  signup(
    body: { readonly username: string; readonly password: string; readonly referralCode?: string },
    options?: OptionalRequestOptions,
  ): Promise<Outcome<{ readonly player_id: string; readonly referral_code: string }>>;
  /** Whether the password is the player's; takes as long for players who do not exist. */
  verify(username: string, password: string): Promise<'valid' | 'invalid' | 'disabled'>;
  /** The treasury pays. */
  topUp(
    player: string,
    body: { readonly amount: number },
    options?: OptionalRequestOptions,
  ): Promise<Outcome<Transaction>>;
  /** One order of one line, completed at once. */
  purchase(
    player: string,
    body: { readonly item: string; readonly quantity?: number },
    options?: OptionalRequestOptions,
  ): Promise<Outcome<Order & { readonly balance_after: number }>>;
  /** What `GET /balance` tells. */
  balance(player: string): Promise<Outcome<AccountState>>;
}

export interface AccountState {
  readonly player_id: string;
  readonly balance: number;
  readonly version: number;
  readonly referral_code: string | null;
  /** Units owned of each sku that was asked for at least once. */
  readonly owned: Readonly<Record<string, number>>;
}

/** The invariants, checked over the whole journal up to one position. */
export interface Audit {
  readonly ok: boolean;
  /** The first fault with its place. */
  readonly fault?: string;
  /** The last frame of each partition that was looked at. */
  readonly position: readonly number[];
  readonly entries: number;
  readonly players: number;
  /** Orders and entitlement lots that agree with their entries. */
  readonly orders: number;
  readonly entitlements: number;
  /** Exact balances in minor units as decimal text; `players` is the sum of all players. */
  readonly accounts: Readonly<Record<string, string>>;
  readonly total: string;
  readonly in_transit: { readonly messages: number; readonly amount: string };
}
