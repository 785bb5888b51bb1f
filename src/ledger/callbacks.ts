import { eventTypes } from './choices.js';
import { isDeepEqual } from './equal.js';
import {
  count,
  type MembersForm,
  members,
  oneOf,
  optional,
  pattern,
  text,
  words,
} from './forms.js';
import { send } from './messages.js';
import { refuse } from './refusals.js';
import { type BaseContext, change, changed, grant, type Rules } from './request.js';
import type { PaymentEvent, PaymentEventOutcome } from './resources.js';

export const provider = pattern(/^[a-z0-9_-]{1,32}$/, 'must be a provider');
export const referenceForm = pattern(/^[\x21-\x7e]{1,200}$/, 'must be 1 to 200 visible ASCII');

/** What a callback says, with nothing of whose payment it is about. */
export type ParkArgs = Pick<PaymentEvent, 'event_id' | 'type'> & {
  readonly provider: string;
  readonly amount?: number;
  readonly amount_refunded?: number;
};

/** The same, once its payment is known. */
export type PaymentEventArgs = ParkArgs & {
  readonly payment: string;
  /** The callback named this payment by its id, and another one by its reference. */
  readonly contested?: true;
};

/** What every callback says, with the provider's own id of it. */
export const eventMembers = {
  event_id: words(255),
  type: oneOf(...eventTypes),
  provider,
  amount: optional(count),
  amount_refunded: optional(count),
};

/** The actor that knows which payment a provider's reference means; no caller can name it. */
export function referenceActor(provider: string, ref: string): string {
  return `\0ref:${provider}:${ref}`;
}

const LINK = 'link';
const PARKED = 'parked';
const MAX_PARKED = 100;
type Parked = readonly ParkArgs[];

/** Which payment a reference means. */
export interface LinkArgs {
  readonly player: string;
  readonly payment: string;
}

export const eventForm: MembersForm<ParkArgs> = members<ParkArgs>(eventMembers);

/** Keeps a callback whose payment is not known yet; tells the payment when it is. */
export const park: Rules<ParkArgs, BaseContext> = {
  form: eventForm,
  opens: true,
  decide({ args, read }) {
    const link = read('own', LINK) as LinkArgs | undefined;
    if (link !== undefined) return { kind: 'told', body: { link } };
    const parked = (read('own', PARKED) as Parked | undefined) ?? [];
    const same = parked.find(({ event_id, type }) => {
      return event_id === args.event_id && type === args.type;
    });
    if (same !== undefined) {
      if (!isDeepEqual(same, args)) return refuse('idempotency_key_reused');
      return { kind: 'told', body: { status: 'parked' } };
    }
    if (parked.length >= MAX_PARKED) return refuse('limit_reached');
    return grant([], [change(PARKED, [...parked, args])]);
  },
  answer: () => ({ status: 'parked' }) satisfies PaymentEventOutcome,
};

/**
 * A payment with the reference was made, or a callback named both: what was parked goes on to it. The
 * answer is what the reference means, which the first to ask decides.
 */
export const link: Rules<LinkArgs, BaseContext> = {
  form: members<LinkArgs>({ player: text, payment: text }),
  opens: true,
  decide({ player, args, read, fresh }) {
    const known = read('own', LINK) as LinkArgs | undefined;
    if (known !== undefined) return { kind: 'told', body: known };
    const parked = (read('own', PARKED) as Parked | undefined) ?? [];
    const messages = parked.map((event, i) => {
      return send({
        id: `${fresh}-${i}`,
        from: player,
        to: args.player,
        kind: 'payment_event',
        args: { ...event, payment: args.payment } satisfies PaymentEventArgs,
        by: `provider:${event.provider}`,
        amount: 0,
        returns: 'player',
      });
    });
    const forgotten = parked.length > 0 ? [change(PARKED, null)] : [];
    return grant([], [change(LINK, args), ...forgotten, ...messages]);
  },
  answer: ({ changes }) => changed<LinkArgs>(changes, LINK),
};
