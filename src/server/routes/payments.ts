import type { FastifyInstance } from 'fastify';
import type { Outcome, PaymentEvent, PaymentEventOutcome } from '../../engine/economy.js';
import type { Wallet } from '../../engine/wallet.js';
import { readBodies } from '../formats.js';
import { withoutNulls } from '../members.js';
import { webhookHeaders } from '../openapi/headers.js';
import { addOperation, type Doors } from '../operation.js';
import { Problem } from '../problems.js';
import { examples } from '../schemas/examples.js';
import * as schemas from '../schemas/payments.js';
import { signedWebhook, type WebhookSecrets } from '../webhooks.js';

const access = { scope: 'orders', self: true } as const;

interface PaymentBody {
  readonly provider: string;
  readonly amount: number;
  readonly provider_ref?: string;
}

/** What a provider's callbacks are checked with, and who hears what became of each. */
export interface Callbacks {
  readonly secrets: WebhookSecrets;
  readonly heard: (
    provider: string,
    event: PaymentEvent,
    outcome: Outcome<PaymentEventOutcome>,
  ) => void;
}

/** Top-ups through a provider: begun here, paid by the provider's callback. */
export function paymentRoutes(
  app: FastifyInstance,
  doors: Doors,
  { payments }: Wallet,
  callbacks: Callbacks,
): void {
  addOperation<PaymentBody>(
    app,
    doors,
    {
      method: 'POST',
      url: '/v1/players/:id/payments',
      id: 'createPayment',
      tag: 'Payments',
      summary: 'Begins a top-up: PENDING until the callback',
      access,
      key: 'required',
      condition: true,
      body: schemas.paymentBody,
      bodyExample: { provider: 'testpsp', amount: 1_000, provider_ref: 'ch_1' },
      answers: { 201: schemas.payment },
      examples: { 201: examples.payment },
      problems: ['account_disabled'],
    },
    async ({ player, body, options }) => ({
      outcome: await payments.create(player, body, options),
    }),
  );
  addOperation(
    app,
    doors,
    {
      method: 'GET',
      url: '/v1/players/:id/payments/:payment',
      id: 'getPayment',
      tag: 'Payments',
      summary: 'One payment',
      access,
      answers: { 200: schemas.payment },
      examples: { 200: examples.payment },
      problems: ['payment_not_found'],
    },
    async ({ player, params }) => ({
      outcome: await payments.get(player, params['payment'] ?? ''),
    }),
  );
  app.register(async (inner) => webhookRoute(inner, doors, { payments }, callbacks));
}

type EventBody = Omit<PaymentEvent, 'event_id'> & { readonly event_id?: string };

function webhookRoute(
  app: FastifyInstance,
  doors: Doors,
  { payments }: Pick<Wallet, 'payments'>,
  callbacks: Callbacks,
): void {
  readBodies(app, signedWebhook(callbacks.secrets));
  addOperation<EventBody>(
    app,
    doors,
    {
      method: 'POST',
      url: '/v1/webhooks/:provider',
      id: 'receiveWebhook',
      tag: 'Payments',
      summary: "A provider's signed callback (Standard Webhooks)",
      description:
        'On disk before it is answered. duplicate: it had its effect before; review: another amount, ' +
        'nothing credited; parked (202): no payment has the reference yet. amount_refunded is ' +
        'cumulative.',
      headers: webhookHeaders,
      unversioned: true,
      body: schemas.eventBody,
      bodyExample: {
        event_id: 'evt_1',
        type: 'payment.succeeded',
        provider_ref: 'ch_1',
        amount: 1_000,
      },
      answers: { 200: schemas.eventOutcome, 202: schemas.eventOutcome },
      examples: {
        200: { status: 'applied', payment_id: examples.payment.payment_id },
        202: { status: 'parked' },
      },
      problems: [
        ...(['invalid_signature', 'not_found', 'payment_not_found', 'limit_reached'] as const),
        // A refund that would take the balance below what can be counted.
        'balance_limit_exceeded',
        // The event came before, and said something else.
        'idempotency_key_reused',
      ],
    },
    async ({ params, body, request }) => {
      const { event_id = String(request.headers['webhook-id']), ...more } = withoutNulls(body);
      const [provider, event] = [params['provider'] ?? '', { ...more, event_id }];
      const received = await payments.receive(provider, event);
      callbacks.heard(provider, event, received);
      if (!received.ok && received.code === 'player_not_found')
        throw new Problem('payment_not_found');
      // The replayed header is for keys; a callback says what it is in its body.
      const outcome = received.ok ? { ...received, replayed: false, version: 0 } : received;
      const isParked = outcome.ok && outcome.value.status === 'parked';
      return { outcome, status: isParked ? 202 : 200 };
    },
  );
}
