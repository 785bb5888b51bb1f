import { signup, topUp } from './accounts.js';
import { link, park } from './callbacks.js';
import { item } from './catalogue.js';
import { credit, refund, spend } from './credits.js';
import { consume, revoke } from './entitlements.js';
import { malformed } from './forms.js';
import { movedToPlayer } from './money.js';
import { orderRefund } from './order-refunds.js';
import { cancel, complete, order } from './orders.js';
import { payment, paymentEvent } from './payments.js';
import { refuse } from './refusals.js';
import {
  type Asked,
  type BaseContext,
  mismatchOf,
  type RequestEntry,
  type Rules,
  type Ruling,
} from './request.js';
import { deliver, settle, transfer } from './transfers.js';
import type { RequestKind } from './vocabulary.js';

/** The rules of every kind of request: a new family is a file beside these and its rows here. */
const families: Readonly<Record<RequestKind, Rules>> = {
  credit,
  spend,
  refund,
  transfer,
  deliver,
  settle,
  order,
  complete,
  cancel,
  order_refund: orderRefund,
  consume,
  revoke,
  payment,
  payment_event: paymentEvent,
  park,
  link,
  signup,
  top_up: topUp,
  item,
};

/**
 * Decides a request, in the order of precedence that all kinds share: the form of the arguments, so
 * that nothing malformed is ever journaled, the player, the version that was expected, the player's
 * status, the kind's own rules, the bounds of the balance. The look-up of the id comes before, for
 * it is the same for every kind.
 */
export function decideRequest(kind: RequestKind, asked: Asked): Ruling {
  const rules = families[kind] as Rules<unknown, BaseContext>;
  const { account, args, context } = asked;
  const fault = malformed(rules.form, args);
  if (fault !== undefined) return fault;
  if (account === undefined && rules.opens !== true) return refuse('player_not_found');
  const mismatch = mismatchOf(context.if_match, account?.version);
  if (mismatch !== undefined) return mismatch;
  if (rules.needsActive === true && account?.disabled === true) return refuse('account_disabled');
  const ruling = rules.decide(asked);
  if (ruling.kind !== 'granted') return ruling;
  const before = account?.balance ?? 0;
  const after = before + movedToPlayer(ruling.postings);
  if (!Number.isSafeInteger(after)) return refuse('balance_limit_exceeded', { balance: before });
  const overdrawn = after < 0 && after < before && rules.mayOverdraw !== true;
  return overdrawn ? refuse('insufficient_funds', { balance: before }) : ruling;
}

/** Whether a request of the kind makes an account where there is none. */
export function opensAccount(kind: RequestKind): boolean {
  return families[kind].opens === true;
}

/** The body of an entry's answer: the same now and for every retry. */
export function answerRequest(entry: RequestEntry): unknown {
  return (families[entry.kind as RequestKind] as Rules<unknown, BaseContext>).answer(entry);
}
