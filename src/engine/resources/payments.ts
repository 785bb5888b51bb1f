import {
  eventForm,
  type LinkArgs,
  type ParkArgs,
  type PaymentEventArgs,
  referenceActor,
  referenceForm,
} from '../../ledger/callbacks.js';
import { isObject, malformed, members, optional, text } from '../../ledger/forms.js';
import { payment, paymentPrefix } from '../../ledger/payments.js';
import { invalid, type Refusal, refuse } from '../../ledger/refusals.js';
import type { Outcome, Payment, PaymentEvent, PaymentEventOutcome, Payments } from '../economy.js';
import { idOf, partitionIn } from '../request-ids.js';
import { doneWith, type Requests, refusedAs } from '../requests.js';
import { argsOf, given } from './arguments.js';

const idsForm = members<Pick<PaymentEvent, 'payment_id' | 'provider_ref'>>({
  payment_id: optional(text),
  provider_ref: optional(text),
});

type Received = Outcome<PaymentEventOutcome>;

export function paymentsOf(requests: Requests, partitions: number): Payments {
  return {
    create: (player, body, options) => {
      const args = argsOf(payment.form, body);
      return requests.ask({ kind: 'payment', player, args }, options);
    },
    get: (player, id) => requests.query(player, { what: 'payment', id }),
    receive: (provider, event) => receive(requests, partitions, provider, event),
  };
}

/** A callback names its payment by our id, or by the provider's reference alone. */
async function receive(
  requests: Requests,
  partitions: number,
  provider: string,
  event: PaymentEvent,
): Promise<Received> {
  const fault = malformedEvent(provider, event);
  if (fault !== undefined) return refusedAs(fault);
  const { payment_id, provider_ref } = event;
  if (payment_id !== undefined) {
    const player = await ownerOf(requests, partitions, payment_id);
    if (player !== null) {
      const named = { player, payment: payment_id };
      const contested = await isContested(requests, provider, provider_ref, named);
      return contested.ok ? apply(requests, provider, event, named, contested.value) : contested;
    }
  }
  if (provider_ref === undefined) return refusedAs(refuse('payment_not_found'));
  if (referenceForm(provider_ref) !== undefined) return refusedAs(refuse('payment_not_found'));
  return park(requests, provider, provider_ref, event);
}

/** A callback's own ids are looked at here; members of no name are the provider's own. */
function malformedEvent(provider: unknown, event: unknown): Refusal | undefined {
  if (!isObject(event)) return invalid('', 'must be an object');
  const { payment_id, provider_ref } = event;
  return (
    malformed(eventForm, plain(provider as string, event as unknown as PaymentEvent)) ??
    malformed(idsForm, given({ payment_id, provider_ref }))
  );
}

async function ownerOf(requests: Requests, partitions: number, id: string): Promise<string | null> {
  if (!/^pay_[0-9a-f]{32}$/.test(id)) return null;
  const partition = partitionIn(id.slice(paymentPrefix.length));
  if (partition >= partitions) return null;
  const owner = await requests.queryAt<string | null>(partition, { what: 'payment owner', id });
  return owner.ok ? owner.value : null;
}

/**
 * Whether the reference of a callback means another payment than the one it names. Unless it meant
 * one before, it means this one from now on: later callbacks may come with it alone.
 */
async function isContested(
  requests: Requests,
  provider: string,
  ref: string | undefined,
  named: LinkArgs,
): Promise<Outcome<boolean>> {
  if (ref === undefined || referenceForm(ref) !== undefined) return doneWith(false);
  const there = await requests.query<Payment>(named.player, { what: 'payment', id: named.payment });
  if (!there.ok) return there;
  // Of another provider's payment it means nothing; the ledger refuses the callback.
  if (there.value.provider !== provider) return doneWith(false);
  const player = referenceActor(provider, ref);
  const context = { by: `provider:${provider}` };
  const known = await requests.send<LinkArgs>({ kind: 'link', player, args: named, context });
  return known.ok ? { ...known, value: known.value.payment !== named.payment } : known;
}

function apply(
  requests: Requests,
  provider: string,
  event: PaymentEvent,
  { player, payment }: LinkArgs,
  isContested = false,
): Promise<Received> {
  const contested = isContested && ({ contested: true } as const);
  const args: PaymentEventArgs = { ...plain(provider, event), payment, ...contested };
  // The same event about the same payment: the stored answer tells what became of it.
  const id = idOf('event', provider, event.event_id, event.type, payment);
  const context = { by: `provider:${provider}` };
  return requests
    .send<PaymentEventOutcome>({ kind: 'payment_event', player, args, context }, id)
    .then((outcome) => asDuplicate(outcome));
}

/** An event that comes again has no second effect, and says so. */
function asDuplicate(outcome: Received): Received {
  if (!outcome.ok || !outcome.replayed) return outcome;
  return { ...outcome, value: { ...outcome.value, status: 'duplicate' } };
}

/** Keeps the event until a payment with its reference is made; or applies it, if there is one. */
async function park(
  requests: Requests,
  provider: string,
  ref: string,
  event: PaymentEvent,
): Promise<Received> {
  const args: ParkArgs = plain(provider, event);
  const player = referenceActor(provider, ref);
  const context = { by: `provider:${provider}` };
  const asking = { kind: 'park', player, args, context } as const;
  const parked = await requests.send<PaymentEventOutcome | { link: LinkArgs }>(asking);
  if (!parked.ok) return parked;
  if ('link' in parked.value) return apply(requests, provider, event, parked.value.link);
  return { ...parked, value: parked.value };
}

function plain(provider: string, event: PaymentEvent): ParkArgs {
  const { event_id, type, amount, amount_refunded } = event;
  return { event_id, type, provider, ...given({ amount, amount_refunded }) };
}
