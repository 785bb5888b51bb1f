/** Statuses of the wallet protocol. */
export type Status = string;
export interface BetBody {
  readonly user: string;
  readonly transaction_uuid: string;
  readonly request_uuid: string;
  readonly currency: string;
  readonly amount: number;
  readonly [optional: string]: unknown;
}
export interface WinBody extends BetBody {
  readonly reference_transaction_uuid?: string;
}
export interface RollbackBody {
  readonly user: string;
  readonly transaction_uuid: string;
  readonly request_uuid: string;
  readonly reference_transaction_uuid: string;
  readonly [optional: string]: unknown;
}
export interface BalanceBody {
  readonly user: string;
  readonly request_uuid: string;
  readonly [optional: string]: unknown;
}
export interface Answer {
  readonly user: string;
  readonly status: Status;
  readonly request_uuid?: string;
  readonly currency?: string;
  readonly balance?: number;
}
export interface InfoAnswer extends Answer {
  readonly country?: string;
}
