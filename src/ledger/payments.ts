import {
  eventMembers,
  type LinkArgs,
  type PaymentEventArgs,
  provider,
  referenceActor,
  referenceForm,
} from './callbacks.js';
import { amount, type Form, flag, idOf, members, optional } from './forms.js';
import { send } from './messages.js';
import { move } from './money.js';
import { refuse } from './refusals.js';
import {
  type Asked,
  type BaseContext,
  change,
  changed,
  grant,
  type RequestEntry,
  type Rules,
  type Ruling,
} from './request.js';
import type { Payment, PaymentEventOutcome, PaymentStatus } from './resources.js';
import { rfc3339 } from './rfc3339.js';
import type { ClearingAccount } from './vocabulary.js';

/** How long a payment waits for its callback before it is told as EXPIRED. */
const PAYMENT_TTL_MS = 24 * 3_600_000;

/** Document: a payment. */
export const PAYMENT = 'p:';
export const paymentPrefix = 'pay_';

/** A payment as it is kept; times in milliseconds since 1970. */
export interface StoredPayment {
  readonly id: string;
  readonly provider: string;
  readonly ref?: string;
  /** The player's own token named the reference: nobody but a callback can say what it is worth. */
  readonly claimed?: true;
  readonly amount: number;
  readonly status: Exclude<PaymentStatus, 'EXPIRED'>;
  readonly late?: boolean;
  /** The entry that credited it, 32 hex digits. */
  readonly paid?: string;
  readonly received?: number;
  readonly refunded: number;
  readonly created: number;
  readonly expires: number;
}

interface PaymentArgs {
  readonly provider: string;
  readonly amount: number;
  readonly provider_ref?: string;
}

/** Begins a top-up: nothing moves until the provider says that it has the money. */
export const payment: Rules<PaymentArgs, BaseContext> = {
  form: members<PaymentArgs>({ provider, amount, provider_ref: optional(referenceForm) }),
  needsActive: true,
  decide({ player, args, context, fresh, time }) {
    const { provider, amount, provider_ref } = args;
    const made: StoredPayment = {
      id: paymentPrefix + fresh,
      provider,
      ...(provider_ref !== undefined && { ref: provider_ref }),
      ...(provider_ref !== undefined && context.by === 'player' && { claimed: true }),
      amount,
      status: 'PENDING',
      refunded: 0,
      created: time,
      expires: time + PAYMENT_TTL_MS,
    };
    const changes = [change(PAYMENT + made.id, made), change(made.id, player, 'payments')];
    if (provider_ref === undefined) return grant([], changes);
    // Callbacks may name the payment by the provider's reference alone, and may be there already.
    const link = send({
      id: fresh,
      from: player,
      to: referenceActor(provider, provider_ref),
      kind: 'link',
      args: { player, payment: made.id } satisfies LinkArgs,
      by: 'system',
      amount: 0,
      returns: 'player',
    });
    return grant([], [...changes, link]);
  },
  answer: ({ changes, player, currency, time }) => {
    return paymentOf(changed<StoredPayment>(changes, PAYMENT), player, currency, time);
  },
};

/** A payment as it is told at a time. */
export function paymentOf(
  stored: StoredPayment,
  player: string,
  currency: string,
  time: number,
): Payment {
  return {
    payment_id: stored.id,
    player_id: player,
    provider: stored.provider,
    ...(stored.ref !== undefined && { provider_ref: stored.ref }),
    amount: stored.amount,
    currency,
    status: isExpired(stored, time) ? 'EXPIRED' : stored.status,
    ...(stored.late === true && { late: true }),
    ...(stored.received !== undefined && { received_amount: stored.received }),
    refunded_amount: stored.refunded,
    created_at: rfc3339(stored.created),
    expires_at: rfc3339(stored.expires),
  };
}

function isExpired({ status, expires }: StoredPayment, time: number): boolean {
  return status === 'PENDING' && expires <= time;
}

type AskedEvent = Asked<PaymentEventArgs>;

/** Applies a callback once, whichever event ids it comes under and in whatever order. */
export const paymentEvent: Rules<PaymentEventArgs, BaseContext> = {
  form: members<PaymentEventArgs>({
    ...eventMembers,
    payment: idOf('payment_not_found'),
    contested: optional(flag) as Form<true | undefined>,
  }),
  mayOverdraw: true,
  decide(asked) {
    const { args, read } = asked;
    const stored = read('own', PAYMENT + args.payment) as StoredPayment | undefined;
    if (stored?.provider !== args.provider) return refuse('payment_not_found');
    if (args.contested === true) return hold(stored, args);
    switch (args.type) {
      case 'payment.succeeded':
        return succeed(asked, stored);
      case 'payment.failed':
        if (stored.status === 'REVIEW') return become(stored, {});
        return stored.status === 'PENDING' ? become(stored, { status: 'FAILED' }) : duplicate();
      case 'payment.refunded':
        return giveBack(asked, stored);
    }
  },
  answer: eventOutcome,
};

function duplicate(): Ruling {
  return { kind: 'told', body: { status: 'duplicate' } satisfies PaymentEventOutcome };
}

function become(stored: StoredPayment, changes: Partial<StoredPayment>): Ruling {
  return grant([], [change(PAYMENT + stored.id, { ...stored, ...changes })]);
}

/** Money that came once is not credited twice: a person says to which of two payments it belongs. */
function hold(stored: StoredPayment, { type, amount: received }: PaymentEventArgs): Ruling {
  if (type !== 'payment.succeeded' || isPaid(stored)) return become(stored, {});
  return review(stored, received);
}

/** For a person to look at: `received` is what the provider says that it took. */
function review(stored: StoredPayment, received: number | undefined): Ruling {
  return become(stored, { status: 'REVIEW', ...(received !== undefined && { received }) });
}

function isPaid({ status }: StoredPayment): boolean {
  return status === 'SUCCEEDED' || status === 'REFUNDED';
}

function clearing({ provider }: StoredPayment): ClearingAccount {
  return `clearing:${provider}`;
}

/** The provider has the money: the player gets it, less what was refunded before this came. */
function succeed({ args, account, id, time }: AskedEvent, stored: StoredPayment): Ruling {
  if (isPaid(stored)) return duplicate();
  const { amount, refunded, claimed } = stored;
  const received = args.amount ?? (claimed === true ? undefined : amount);
  // A person looks at the payment first. What comes meanwhile moves nothing, and is in the journal.
  if (stored.status === 'REVIEW') {
    return received === stored.received ? duplicate() : become(stored, {});
  }
  const tooMuch = !Number.isSafeInteger((account?.balance ?? 0) + (amount - refunded));
  if (received !== amount || tooMuch) return review(stored, received);
  const paid: StoredPayment = {
    ...stored,
    status: refunded >= amount ? 'REFUNDED' : 'SUCCEEDED',
    paid: id,
    ...((stored.status === 'FAILED' || isExpired(stored, time)) && { late: true }),
  };
  return grant(move(clearing(stored), 'player', amount - refunded), [
    change(PAYMENT + stored.id, paid),
  ]);
}

/**
 * The provider gave money back, `amount_refunded` in all: the player's balance may not cover it. What
 * cannot be so moves nothing and is for a person to look at; a refund that can be is taken after it.
 */
function giveBack({ args }: AskedEvent, stored: StoredPayment): Ruling {
  const { amount, refunded, status } = stored;
  const all = args.amount_refunded ?? args.amount ?? amount;
  if (isDoubtful(args, stored)) {
    if (all === stored.received) return duplicate();
    if (status === 'REVIEW') return become(stored, {});
    return isPaid(stored) ? become(stored, { received: all }) : review(stored, all);
  }
  if (all <= refunded) return duplicate();
  if (!isPaid(stored)) return become(stored, { refunded: all });
  return grant(move('player', clearing(stored), all - refunded), [
    change(PAYMENT + stored.id, {
      ...stored,
      status: all === amount ? 'REFUNDED' : 'SUCCEEDED',
      refunded: all,
    }),
  ]);
}

/** More than was paid, or another payment's amount. */
function isDoubtful(args: PaymentEventArgs, { amount }: StoredPayment): boolean {
  const { type, amount_refunded } = args;
  if (type !== 'payment.refunded') return false;
  if (amount_refunded !== undefined) return amount_refunded > amount;
  return args.amount !== undefined && args.amount !== amount;
}

function eventOutcome({ args, changes }: RequestEntry<PaymentEventArgs>): PaymentEventOutcome {
  const stored = changed<StoredPayment>(changes, PAYMENT);
  const isHeld = stored.status === 'REVIEW' || args.contested === true || isDoubtful(args, stored);
  return { status: isHeld ? 'review' : 'applied', payment_id: stored.id };
}
