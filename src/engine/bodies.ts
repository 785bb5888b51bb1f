import type { Rejection } from '../ledger/vocabulary.js';

/** Optional fields of every wallet request; each may be null, and unknown ones are ignored. */
interface OptionalFields {
  readonly token?: string | null;
  readonly supplier_transaction_id?: string | null;
  readonly supplier_user?: string | null;
  readonly round?: string | null;
  readonly round_closed?: boolean | null;
  readonly game_code?: string | null;
  readonly bet?: string | null;
  readonly is_free?: boolean | null;
  readonly is_aggregated?: boolean | null;
  readonly is_supplier_promo?: boolean | null;
  readonly reward_uuid?: string | null;
  readonly meta?: Readonly<Record<string, unknown>> | null;
}

/** A bet: debits `amount` minor units. Uuids are 8-4-4-4-12 hex in either case. */
export interface BetBody extends OptionalFields {
  readonly user: string;
  readonly transaction_uuid: string;
  readonly request_uuid: string;
  readonly currency: string;
  readonly amount: number;
}

/** A win: credits `amount` minor units and names its bet. */
export interface WinBody extends BetBody {
  /** May be absent only in the `hub88` dialect, with `is_supplier_promo`. */
  readonly reference_transaction_uuid?: string;
}

/** Undoes a bet or a win, once; it carries no amount. */
export interface RollbackBody extends OptionalFields {
  readonly user: string;
  readonly transaction_uuid: string;
  readonly request_uuid: string;
  readonly reference_transaction_uuid: string;
}

export interface BalanceBody extends OptionalFields {
  readonly user: string;
  readonly request_uuid: string;
}

export type Status = 'RS_OK' | Rejection;

/** `currency` and `balance` come with RS_OK; `balance` also with RS_ERROR_NOT_ENOUGH_MONEY. */
export interface Answer {
  readonly user?: string;
  readonly status: Status;
  readonly request_uuid?: string;
  readonly currency?: string;
  /** Minor units. */
  readonly balance?: number;
}

export interface InfoAnswer extends Answer {
  /** ISO 3166; `ZZ` (unknown), for the wallet keeps no addresses. */
  readonly country?: string;
}
