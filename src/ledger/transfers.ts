import { amount, flag, members, oneOf, optional, reason, text, words } from './forms.js';
import { type Message, send } from './messages.js';
import { move, uncovered } from './money.js';
import { invalid, refuse } from './refusals.js';
import { type BaseContext, type Change, change, grant, type Rules } from './request.js';
import { transactionIdOf, transactionOf } from './transactions.js';

interface TransferArgs {
  readonly to: string;
  readonly amount: number;
  readonly reason?: string;
}

/** Sends money on its way: it is in `transit` until the recipient has it or it comes back. */
export const transfer: Rules<TransferArgs, BaseContext> = {
  form: members<TransferArgs>({ to: words(255), amount, reason: optional(reason) }),
  needsActive: true,
  decide({ account, player, args, id, fresh }) {
    if (account === undefined) return refuse('player_not_found');
    const { to, amount, reason } = args;
    if (to === player) return invalid('/to', 'must be another player');
    const refused = uncovered(account, amount);
    if (refused !== undefined) return refused;
    const delivery: DeliverArgs = {
      message: fresh,
      type: 'TRANSFER',
      from: player,
      amount,
      currency: account.currency,
      ...(reason !== undefined && { reason }),
    };
    return grant(move('player', 'transit', amount), [
      remit(delivery, to, 'player', transactionIdOf(id)),
    ]);
  },
  answer: transactionOf,
};

/** The message that takes money from `transit` to another player, or back. */
export function remit(
  args: DeliverArgs,
  to: string,
  returns: Message['returns'],
  transaction?: string,
): Change {
  const { message: id, from, amount } = args;
  const sent = { id, from, to, kind: 'deliver', args, by: 'system', amount, returns } as const;
  return send(transaction === undefined ? sent : { ...sent, transaction });
}

export interface DeliverArgs {
  /** The message that it comes with. */
  readonly message: string;
  readonly type: 'TRANSFER' | 'REFERRAL';
  readonly from: string;
  readonly amount: number;
  readonly currency: string;
  readonly reason?: string;
}

/** The recipient's side; refused, the money goes back. */
export const deliver: Rules<DeliverArgs, BaseContext> = {
  form: members<DeliverArgs>({
    message: text,
    type: oneOf('TRANSFER', 'REFERRAL'),
    from: text,
    amount,
    currency: text,
    reason: optional(reason),
  }),
  needsActive: true,
  decide({ account, args: { amount, currency } }) {
    if (account?.currency !== currency) return refuse('currency_mismatch');
    return grant(move('transit', 'player', amount));
  },
  answer: () => null,
};

export interface SettleArgs {
  readonly message: string;
  readonly delivered: boolean;
  /** Why it could not be delivered, to whom, and which transaction comes back. */
  readonly reason?: string;
  readonly to?: string;
  readonly returned?: string;
}

/** The sender's side, once the outcome is known: the message is done with. */
export const settle: Rules<SettleArgs, BaseContext> = {
  form: members<SettleArgs>({
    message: text,
    delivered: flag,
    reason: optional(text),
    to: optional(text),
    returned: optional(text),
  }),
  decide({ args: { message, delivered }, read }) {
    const sent = read('outbox', message) as Message | undefined;
    if (sent === undefined) return { kind: 'told', body: null };
    const postings = delivered ? [] : move('transit', sent.returns, sent.amount);
    return grant(postings, [change(message, null, 'outbox')]);
  },
  answer: () => null,
};
