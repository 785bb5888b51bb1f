import type { RefusalCode } from '../ledger/refusals.js';
import type { IfMatch } from '../ledger/request.js';

export type { RefusalCode } from '../ledger/refusals.js';
export type { IfMatch } from '../ledger/request.js';

/** A refusal, as an answer: its code, and what belongs to it (below in brackets). */
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
  /** How many entries there are of the player after it; for an item its version. */
  readonly version: number;
}

/**
 * What was asked for, or a refusal. Each method names its own; beside them these are general:
 *
 * - `validation_failed` (`errors`: a JSON pointer and a `detail` each): an argument cannot be so;
 * - `player_not_found`;
 * - `idempotency_key_reused`: the key stands for another request of this player;
 * - `version_mismatch` (`version`: what it is now), when `ifMatch` is given;
 * - `account_disabled`, where a disabled player would spend, send, order, pay for an order, buy,
 *   begin a payment, top up, or use units up;
 * - `balance_limit_exceeded` (`balance`), where the balance would leave 2^53-1.
 */
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
  /** Asks for the next page; null: this is the last. */
  readonly next_cursor: string | null;
}
