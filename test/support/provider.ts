import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { setTimeout as wait } from 'node:timers/promises';
import { exchange, isGone, isGood, type Json, type Reply } from './exchange.js';
import { webhookHeaders } from './webhook.js';

const RETRY_MS = 25;
const PATIENCE_MS = 30_000;

/** What the provider says of a charge; `amount_refunded` is all that it gave back so far. */
export type Outcome =
  | { readonly type: 'payment.succeeded'; readonly amount?: number }
  | { readonly type: 'payment.failed' }
  | { readonly type: 'payment.refunded'; readonly amount_refunded: number };

/** The body of `POST /charges`: what to take, and how the callbacks are to come. */
export interface Charge {
  readonly payment_id?: string;
  readonly provider_ref?: string;
  readonly amount: number;
  /** One event each, in this order; each waits for the one before to be accepted. */
  readonly outcomes: readonly Outcome[];
  /** The last event first. */
  readonly reversed?: boolean;
  /** How often each event is sent, all at once. */
  readonly copies?: number;
  readonly delay_ms?: number;
}

export interface Event {
  readonly event_id: string;
  readonly type: Outcome['type'];
}

/** A payment provider: it takes charges and calls back, with signatures, until it is heard. */
export class TestProvider {
  /** What it is told of each event, copies and refusals included, in the order of the answers. */
  readonly answers: { readonly event_id: string; readonly reply: Reply }[] = [];
  /** Attempts that nobody answered. */
  unheard = 0;
  readonly #name: string;
  readonly #key: Buffer;
  readonly #target: () => string;
  readonly #server = createServer((request, response) => void this.#take(request, response));
  readonly #underWay = new Set<Promise<void>>();

  private constructor(name: string, key: Buffer, target: () => string) {
    this.#name = name;
    this.#key = key;
    this.#target = target;
  }

  /** Starts it; `target` is asked for each attempt where its customer is. */
  static async start(name: string, key: Buffer, target: () => string): Promise<TestProvider> {
    const provider = new TestProvider(name, key, target);
    provider.#server.listen(0, '127.0.0.1');
    await once(provider.#server, 'listening');
    return provider;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await this.settled();
  }

  /** Resolves when every callback was accepted. */
  async settled(): Promise<void> {
    await Promise.all(this.#underWay);
  }

  /** What was answered to the callbacks that were accepted, `applied` or another word. */
  outcomesOf(event: Event): Json[] {
    const own = this.answers.filter(({ event_id, reply }) => {
      return event_id === event.event_id && isGood(reply);
    });
    return own.map(({ reply }) => (reply.body as { readonly status: Json }).status);
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const charge = (await json(request)) as Charge;
    const events = charge.outcomes.map((outcome) => eventOf(charge, outcome));
    response.writeHead(202, { 'content-type': 'application/json' }).end(JSON.stringify({ events }));
    const delivery = this.#deliver(charge.reversed ? events.toReversed() : events, charge);
    this.#underWay.add(delivery);
    await delivery.finally(() => this.#underWay.delete(delivery));
  }

  async #deliver(events: readonly Event[], { delay_ms = 0, copies = 1 }: Charge): Promise<void> {
    for (const event of events) {
      await wait(delay_ms);
      await this.send(event, copies);
    }
  }

  /** Sends copies of an event, again and again until each is accepted. */
  async send(event: Event, copies = 1): Promise<void> {
    const end = Date.now() + PATIENCE_MS;
    const one = async (): Promise<void> => {
      while (!(await this.#attempt(event))) {
        if (Date.now() > end) throw new Error(`nobody accepts ${JSON.stringify(event)}`);
        await wait(RETRY_MS);
      }
    };
    await Promise.all(Array.from({ length: copies }, one));
  }

  /** One request, signed anew: whether it was accepted. */
  async #attempt(event: Event): Promise<boolean> {
    const body = JSON.stringify(event);
    const headers = webhookHeaders(this.#key, event.event_id, body, Date.now());
    const path = `/v1/webhooks/${this.#name}`;
    const sent = exchange(this.#target(), 'POST', path, headers, body);
    const reply = await sent.catch(isGone);
    if (reply === undefined) {
      this.unheard += 1;
      return false;
    }
    this.answers.push({ event_id: event.event_id, reply });
    return isGood(reply);
  }
}

function eventOf({ payment_id, provider_ref, amount }: Charge, outcome: Outcome): Event {
  const named = { ...(payment_id && { payment_id }), ...(provider_ref && { provider_ref }) };
  const taken = outcome.type === 'payment.succeeded' ? { amount } : {};
  return { event_id: `evt_${randomUUID()}`, ...named, ...taken, ...outcome };
}
