import { move, refundOf, uncovered } from './money.js';
import { invalid, refuse } from './refusals.js';
import { type BaseContext, change, grant, isAmount, type Rules } from './request.js';
import { SPEND_REFUNDS, transactionOf, transactionPrefix } from './transactions.js';

export interface CreditArgs {
  readonly amount: number;
  readonly reason: string;
  readonly reference?: string;
  readonly currency?: string;
  readonly note?: string;
}

/** Adds credits, which `issuance` gives. */
export const credit: Rules<CreditArgs, BaseContext> = {
  decide({ account, args: { amount, currency } }) {
    if (!isAmount(amount)) return invalid('/amount', AMOUNT_FORM);
    if (currency !== undefined && currency !== account?.currency) {
      return refuse('currency_mismatch', { currency: account?.currency });
    }
    return grant(move('issuance', 'player', amount));
  },
  answer: transactionOf,
};

export interface SpendArgs {
  readonly amount: number;
  readonly reason?: string;
  readonly reference?: string;
}

/** Spends credits, which the treasury earns. */
export const spend: Rules<SpendArgs, BaseContext> = {
  needsActive: true,
  decide({ account, args: { amount } }) {
    if (account === undefined) return refuse('player_not_found');
    if (!isAmount(amount)) return invalid('/amount', AMOUNT_FORM);
    return uncovered(account, amount) ?? grant(move('player', 'treasury', amount));
  },
  answer: transactionOf,
};

export interface RefundArgs {
  /** The spend's transaction id. */
  readonly spend: string;
  readonly amount?: number;
  readonly reason?: string;
}

/** Gives back a spend or a part of it; how much was given back so far is a document. */
export const refund: Rules<RefundArgs, BaseContext> = {
  decide({ args, read, earlier }) {
    if (args.amount !== undefined && !isAmount(args.amount)) return invalid('/amount', AMOUNT_FORM);
    const id = args.spend.startsWith(transactionPrefix) ? args.spend.slice(3) : '';
    const spent = earlier(id);
    if (spent?.kind !== 'spend') return refuse('spend_not_found');
    const refunded = (read('own', SPEND_REFUNDS + id) as number | undefined) ?? 0;
    const amount = refundOf(-spent.moved, refunded, args.amount);
    if (typeof amount !== 'number') return amount;
    return grant(move('treasury', 'player', amount), [
      change(SPEND_REFUNDS + id, refunded + amount),
    ]);
  },
  answer: transactionOf,
};

export const AMOUNT_FORM = 'must be a whole number from 1 to 1,000,000,000,000';
