import { creditReasons } from './choices.js';
import { amount, idOf, members, oneOf, optional, pattern, reason, words } from './forms.js';
import { move, refundOf, uncovered } from './money.js';
import { isRefusal, refuse } from './refusals.js';
import { type BaseContext, change, grant, type Rules } from './request.js';
import type { CreditBody, SpendBody } from './resources.js';
import { idIn, transactionOf } from './transactions.js';

/** Document: how much of a spend was given back. */
export const SPEND_REFUNDS = 's:';

/** What stands for it elsewhere, in words of the caller's own. */
const reference = words(255);

const creditForm = members<CreditBody>({
  amount,
  reason: oneOf(...creditReasons),
  reference: optional(reference),
  currency: optional(pattern(/^[A-Za-z0-9]{3,8}$/, 'must be 3 to 8 letters or digits')),
  note: optional(words(1_000)),
});

/** Adds credits, which `issuance` gives. */
export const credit: Rules<CreditBody, BaseContext> = {
  form: creditForm,
  decide({ account, args: { amount, currency } }) {
    if (currency !== undefined && currency !== account?.currency) {
      return refuse('currency_mismatch', { currency: account?.currency });
    }
    return grant(move('issuance', 'player', amount));
  },
  answer: transactionOf,
};

/** Spends credits, which the treasury earns. */
export const spend: Rules<SpendBody, BaseContext> = {
  form: members<SpendBody>({ amount, reason: optional(reason), reference: optional(reference) }),
  needsActive: true,
  decide({ account, args: { amount } }) {
    if (account === undefined) return refuse('player_not_found');
    return uncovered(account, amount) ?? grant(move('player', 'treasury', amount));
  },
  answer: transactionOf,
};

interface RefundArgs {
  /** The spend's transaction id. */
  readonly spend: string;
  readonly amount?: number;
  readonly reason?: string;
}

/** Gives back a spend or a part of it; how much was given back so far is a document. */
export const refund: Rules<RefundArgs, BaseContext> = {
  form: members<RefundArgs>({
    spend: idOf('spend_not_found'),
    amount: optional(amount),
    reason: optional(reason),
  }),
  decide({ args, read, earlier }) {
    const id = idIn(args.spend);
    const spent = earlier(id);
    if (spent?.kind !== 'spend') return refuse('spend_not_found');
    const refunded = (read('own', SPEND_REFUNDS + id) as number | undefined) ?? 0;
    const amount = refundOf(-spent.moved, refunded, args.amount);
    if (isRefusal(amount)) return amount;
    return grant(move('treasury', 'player', amount), [
      change(SPEND_REFUNDS + id, refunded + amount),
    ]);
  },
  answer: transactionOf,
};
