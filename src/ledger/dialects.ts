import type { Rejection } from './vocabulary.js';

/** The places of a bet, win or rollback where it can be refused; a dialect sets their order. */
export type Check =
  | 'form'
  | 'amount form'
  | 'amount sign'
  | 'user'
  | 'transaction id'
  | 'currency'
  | 'user status'
  | 'limits'
  | 'reference'
  | 'funds';

/** Where the wallet protocols differ, and nothing else does. */
export interface Dialect {
  readonly order: readonly Check[];
  readonly negativeAmount: Rejection;
  /** Undefined: an amount of zero is allowed. */
  readonly zeroAmount: Rejection | undefined;
  /** Undefined: a bet may be won more than once. */
  readonly secondWin: Rejection | undefined;
  /** Whether a promotional win may come without a bet. */
  readonly promoWinNeedsNoBet: boolean;
  /** Which `request_uuid` the answer to a retry carries. */
  readonly retryAnswersWith: 'the stored request_uuid' | 'its own request_uuid';
  /** What must be equal for a retry to be the same request. */
  readonly compares: 'every field but request_uuid' | 'the listed fields';
}

export type DialectName = 'exwallet' | 'hub88';

/**
 * `exwallet` is fixed by the twelve tests of the Exwallet exercise; `hub88` follows the public
 * wallet protocol of that aggregator.
 */
export const dialects: Readonly<Record<DialectName, Dialect>> = {
  exwallet: {
    order: [
      'amount form',
      'amount sign',
      'user',
      'transaction id',
      'currency',
      'user status',
      'limits',
      'reference',
      'funds',
      'form',
    ],
    negativeAmount: 'RS_ERROR_UNKNOWN',
    zeroAmount: 'RS_ERROR_UNKNOWN',
    secondWin: 'RS_ERROR_UNKNOWN',
    promoWinNeedsNoBet: false,
    retryAnswersWith: 'the stored request_uuid',
    compares: 'every field but request_uuid',
  },
  hub88: {
    order: [
      'form',
      'amount sign',
      'transaction id',
      'user',
      'currency',
      'user status',
      'limits',
      'reference',
      'funds',
    ],
    negativeAmount: 'RS_ERROR_WRONG_TYPES',
    zeroAmount: undefined,
    secondWin: undefined,
    promoWinNeedsNoBet: true,
    retryAnswersWith: 'its own request_uuid',
    compares: 'the listed fields',
  },
};
