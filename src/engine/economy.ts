import type {
  CreditBody,
  Entitlement,
  EntitlementStatus,
  Item,
  ItemBody,
  Order,
  OrderBody,
  OrderRefund,
  OrderRefundBody,
  Payment,
  PaymentEvent,
  PaymentEventOutcome,
  SpendBody,
  Transaction,
  TransactionType,
} from '../ledger/resources.js';
import type {
  Condition,
  OptionalRequestOptions,
  Outcome,
  Page,
  PageOptions,
  RequestOptions,
} from './outcome.js';

export type * from '../ledger/resources.js';
export type * from './outcome.js';

/** Money that players are given. */
export interface Credits {
  /**
   * Adds credits, from `issuance`, to a disabled player too. Refuses `currency_mismatch`
   * (`currency`).
   */
  add(player: string, body: CreditBody, options: RequestOptions): Promise<Outcome<Transaction>>;
}

/** Money that a player spends outside of the shop. */
export interface Spends {
  /** Spends credits. Refuses `insufficient_funds` (`balance`, `required`). */
  create(player: string, body: SpendBody, options: RequestOptions): Promise<Outcome<Transaction>>;
  /**
   * Refunds what is left of a spend, or `amount` of it. Refuses `spend_not_found`,
   * `already_refunded` when nothing is left, `refund_exceeds_remaining` (`max_refundable`).
   */
  refund(
    player: string,
    transaction: string,
    body: { readonly amount?: number; readonly reason?: string },
    options: RequestOptions,
  ): Promise<Outcome<Transaction>>;
}

/** Money between players, who may live in different partitions. */
export interface Transfers {
  /**
   * Sends money to another player, who gets it exactly once. It has left the sender when this
   * resolves; an unknown or disabled recipient, or one of another currency, gives it back: then it
   * is in the history as TRANSFER_RETURN. Refuses `insufficient_funds` (`balance`, `required`).
   */
  create(
    player: string,
    body: { readonly to: string; readonly amount: number; readonly reason?: string },
    options: RequestOptions,
  ): Promise<Outcome<Transaction>>;
}

/** The history of a player. */
export interface Transactions {
  /**
   * Newest first; a page may have fewer lines than asked for. Refuses `invalid_cursor`: one of
   * another list, of another type or player.
   */
  list(
    player: string,
    options?: PageOptions & { readonly type?: TransactionType },
  ): Promise<Outcome<Page<Transaction>>>;
  /** One of the player's own, by id; of a spend with `refunded_amount`. Refuses `not_found`. */
  get(player: string, transaction: string): Promise<Outcome<Transaction>>;
}

/** The catalogue, in versions that never change. */
export interface Items {
  /** The newest versions, by sku. Refuses `invalid_cursor`. */
  list(options?: PageOptions): Promise<Outcome<Page<Item>>>;
  /** The newest version. Refuses `item_not_found`. */
  get(sku: string): Promise<Outcome<Item>>;
  /**
   * Makes an item, or its next version; `replayed`: it is so already, and nothing was made. Refuses
   * `precondition_required` when there is such an item and no `ifMatch`, `version_mismatch`
   * (`version`) when there is one in spite of `ifNoneMatch`, or not of the version in `ifMatch`,
   * `limit_reached` beyond 10,000 items.
   */
  put(
    sku: string,
    body: ItemBody,
    condition?: Condition & { readonly ifNoneMatch?: '*' },
  ): Promise<Outcome<Item>>;
}

/** PENDING, then COMPLETED or CANCELLED; COMPLETED, then REFUNDED. */
export interface Orders {
  /**
   * Freezes prices for 15 minutes; nothing moves until it is completed, at once with `complete`.
   * Refuses `unknown_item` and `item_unavailable` (`sku`; also where its price is in another
   * currency than the wallet's), `currency_mismatch` when the player's is not the wallet's,
   * `price_changed` (`current_total`), `already_owned` (`sku`), `limit_reached` (`sku` and
   * `max_per_player`, or `lots` that end, at most 1,000; or `pending`, at most 100 orders); with
   * `complete` `insufficient_funds` (`balance`, `required`).
   */
  create(player: string, body: OrderBody, options: RequestOptions): Promise<Outcome<Order>>;
  /**
   * The debit and the entitlements, in one entry. Refuses `order_not_found`, `order_expired` and
   * `order_not_pending` (`order_status`), `already_owned` and `limit_reached` as above,
   * `insufficient_funds` (`balance`, `required`).
   */
  complete(player: string, order: string, options: RequestOptions): Promise<Outcome<Order>>;
  /**
   * Gives a PENDING order up. Refuses `order_not_found`, `order_expired` and `order_not_pending`
   * (`order_status`).
   */
  cancel(player: string, order: string, options: RequestOptions): Promise<Outcome<Order>>;
  /**
   * Gives money back and takes units back, in one entry. Refuses `order_not_found`,
   * `already_refunded`, `order_not_refundable` (`order_status`), `refund_exceeds_remaining`
   * (`max_refundable`; `lines`), `clawback_insufficient_funds` (`balance`, `required`): credits
   * that the order gave are spent.
   */
  refund(
    player: string,
    order: string,
    body: OrderRefundBody,
    options: RequestOptions,
  ): Promise<Outcome<OrderRefund>>;
  /** One of the player's own. Refuses `order_not_found`. */
  get(player: string, order: string): Promise<Outcome<Order>>;
  /** Newest first. Refuses `invalid_cursor`. */
  list(player: string, options?: PageOptions): Promise<Outcome<Page<Order>>>;
}

/** What a player owns, in lots: `granted = remaining + consumed + revoked + expired`, in units. */
export interface Entitlements {
  /** Newest first, of a sku or a status alone if asked for. Refuses `invalid_cursor`. */
  list(
    player: string,
    options?: PageOptions & { readonly sku?: string; readonly status?: EntitlementStatus },
  ): Promise<Outcome<Page<Entitlement>>>;
  /**
   * Uses units up. Refuses `entitlement_not_found`, `not_consumable`, `entitlement_not_active` when
   * none are left, `quantity_exceeds_remaining` (`remaining`).
   */
  consume(
    player: string,
    entitlement: string,
    body: { readonly quantity: number },
    options: RequestOptions,
  ): Promise<Outcome<Entitlement>>;
  /**
   * Takes units of whatever kind away without money, all that are left unless a number is given.
   * Refuses `entitlement_not_found`, `entitlement_not_active`, `quantity_exceeds_remaining`
   * (`remaining`).
   */
  revoke(
    player: string,
    entitlement: string,
    body: { readonly quantity?: number; readonly reason?: string },
    options: RequestOptions,
  ): Promise<Outcome<Entitlement>>;
}

/** Money that comes through a provider. */
export interface Payments {
  /**
   * Begins a payment: PENDING, for a day, until the provider's callback; nothing moves yet.
   * `amount` is in minor units, `provider` 1 to 32 of a-z 0-9 _ -, `provider_ref` 1 to 200 visible
   * ASCII characters.
   */
  create(
    player: string,
    body: { readonly provider: string; readonly amount: number; readonly provider_ref?: string },
    options: RequestOptions,
  ): Promise<Outcome<Payment>>;
  /** One of the player's own. Refuses `payment_not_found`. */
  get(player: string, payment: string): Promise<Outcome<Payment>>;
  /**
   * A provider's callback, whose signature the caller has checked; durable when it resolves.
   * Refuses `payment_not_found` when it names none that there is and has no reference to wait
   * under, `limit_reached` when 100 wait under its reference, `idempotency_key_reused` for an
   * `event_id` that came with another content, `balance_limit_exceeded`. An unknown payment's is
   * `parked`.
   */
  receive(provider: string, event: PaymentEvent): Promise<Outcome<PaymentEventOutcome>>;
}

/** Players with a password: the endpoints of the game-wallet service. */
export interface Accounts {
  /**
   * Player, welcome bonus and the debt to the referrer are one entry. The username is put into NFC,
   * the password has 4 to 1,024 bytes. Refuses `username_taken`, `invalid_referral_code`,
   * `idempotency_key_reused` for another password too; `limit_reached` when no free code was
   * found: try again.
   */
  signup(
    body: { readonly username: string; readonly password: string; readonly referralCode?: string },
    options?: OptionalRequestOptions,
  ): Promise<Outcome<{ readonly player_id: string; readonly referral_code: string }>>;
  /** Whether the password is the player's; takes as long for players who do not exist. */
  verify(username: string, password: string): Promise<'valid' | 'invalid' | 'disabled'>;
  /** The treasury pays; `amount` in minor units, 1 to 1,000,000,000,000. */
  topUp(
    player: string,
    body: { readonly amount: number },
    options?: OptionalRequestOptions,
  ): Promise<Outcome<Transaction>>;
  /** One order of one line, completed at once; refused as `orders.create` with `complete`. */
  purchase(
    player: string,
    body: { readonly item: string; readonly quantity?: number },
    options?: OptionalRequestOptions,
  ): Promise<Outcome<Order & { readonly balance_after: number }>>;
  /** What `GET /balance` tells. */
  balance(player: string): Promise<Outcome<AccountState>>;
}

/** A player as a front end shows it. */
export interface AccountState {
  readonly player_id: string;
  /** Minor units. */
  readonly balance: number;
  readonly version: number;
  /** `REF-` and 6 characters; null for a player who did not sign up. */
  readonly referral_code: string | null;
  /** Units that are owned of `gold_coin` and `treasure_box`, each by its sku. */
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
