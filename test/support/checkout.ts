import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { expect } from 'vitest';
import { at, exchange, type Json, type Reply } from './exchange.js';
import { type Charge, type Event, type Outcome, TestProvider } from './provider.js';
import { apiKeys, provider, type ShopServer, webhookKey } from './shop-server.js';

export const succeeded: Outcome = { type: 'payment.succeeded' };
export const failed: Outcome = { type: 'payment.failed' };
export const refunded = (amount_refunded: number): Outcome => {
  return { type: 'payment.refunded', amount_refunded };
};

/** What is seen of a payment: status, amount, what was refunded, and the player's balance. */
type Seen = readonly [status: Json, amount: Json, refunded: Json, balance: Json];

const service = { authorization: `Bearer ${apiKeys.svc}` };
const EVENTUALLY_MS = 5_000;

/** A till between players, the shop and the provider. */
export class Checkout {
  readonly provider: TestProvider;
  readonly #shop: ShopServer;

  private constructor(shop: ShopServer, provider: TestProvider) {
    this.#shop = shop;
    this.provider = provider;
  }

  static async open(shop: ShopServer): Promise<Checkout> {
    const started = await TestProvider.start(provider, webhookKey, () => shop.url);
    return new Checkout(shop, started);
  }

  async close(): Promise<void> {
    await this.provider.stop();
  }

  async #post(path: string, body: Json, headers: Record<string, string>): Promise<Reply> {
    const all = { 'content-type': 'application/json', ...headers };
    return await exchange(this.#shop.url, 'POST', path, all, JSON.stringify(body));
  }

  /** A new player without money. */
  async player(): Promise<string> {
    const player_id = `player-${randomUUID()}`;
    expect((await this.#post('/v1/players', { player_id }, service)).status).toBe(201);
    return player_id;
  }

  /** The token of a new player with a password. */
  async login(username: string): Promise<string> {
    const body = { username, password: 'pass' };
    expect((await this.#post('/signup', body, {})).status).toBe(200);
    return String(at((await this.#post('/login', body, {})).body, 'token'));
  }

  /** Begins a payment. */
  async pay(
    player: string,
    body: { readonly amount: number; readonly provider_ref?: string },
    headers: Record<string, string> = service,
  ): Promise<{ payment_id: string }> {
    const key = { 'idempotency-key': randomUUID() };
    const path = `/v1/players/${player}/payments`;
    const reply = await this.#post(path, { provider, ...body }, { ...headers, ...key });
    expect(reply.status, JSON.stringify(reply.body)).toBe(201);
    return { payment_id: String(at(reply.body, 'payment_id')) };
  }

  /** Begins a payment of a new player. */
  async begin(
    amount: number,
    provider_ref?: string,
  ): Promise<{ player: string; payment_id: string }> {
    const player = await this.player();
    const ref = provider_ref === undefined ? {} : { provider_ref };
    return { player, ...(await this.pay(player, { amount, ...ref })) };
  }

  /** Lets the provider take money; resolves when all it has to say was accepted. */
  async charge(charge: Charge): Promise<[Event, ...Event[]]> {
    const type = { 'content-type': 'application/json' };
    const body = JSON.stringify(charge);
    const reply = await exchange(this.provider.url, 'POST', '/charges', type, body);
    expect(reply.status).toBe(202);
    await this.provider.settled();
    return at(reply.body, 'events') as unknown as [Event, ...Event[]];
  }

  statusesOf(event: Event): number[] {
    const own = this.provider.answers.filter(({ event_id }) => event_id === event.event_id);
    return own.map(({ reply }) => reply.status);
  }

  /** Sends what claims to be a callback. */
  async deliver(headers: Record<string, string>, body: string): Promise<[number, Json]> {
    const path = `/v1/webhooks/${provider}`;
    const reply = await exchange(this.#shop.url, 'POST', path, headers, body);
    return [reply.status, at(reply.body, 'code')];
  }

  async look(player: string, payment: string): Promise<Seen> {
    const path = `/v1/players/${player}`;
    const { body } = await exchange(this.#shop.url, 'GET', `${path}/payments/${payment}`, service);
    const owner = await exchange(this.#shop.url, 'GET', path, service);
    const [status, amount] = [at(body, 'status'), at(body, 'amount')];
    return [status, amount, at(body, 'refunded_amount'), at(owner.body, 'balance')];
  }

  /** Looks until it sees that; what it sees then stays. */
  async until(player: string, payment: string, seen: Seen): Promise<void> {
    const end = Date.now() + EVENTUALLY_MS;
    while (`${await this.look(player, payment)}` !== `${seen}` && Date.now() < end) await wait(10);
    expect(await this.look(player, payment)).toEqual(seen);
  }

  /** The status of a spend. */
  async spend(player: string, amount: number): Promise<number> {
    const headers = { ...service, 'idempotency-key': randomUUID() };
    return (await this.#post(`/v1/players/${player}/spends`, { amount }, headers)).status;
  }
}
