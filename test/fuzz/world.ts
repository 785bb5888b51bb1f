import * as fc from 'fast-check';
import type { Json } from '../support/exchange.js';
import { type Answer, type HttpRequest, send } from './request.js';
import type { Known } from './schema.js';
import { API_KEY } from './server.js';

export const PLAYERS = ['alice', 'bob', 'zoë 玩家', 'carol'] as const;
const SKUS = ['gold_coin', 'treasure_box', 'sword', 'potion'] as const;
const PASSWORD = 'correct horse';
const REMEMBERED = 64;

/** Names of parameters and members, by what answers call the same thing. */
const alike: Readonly<Record<string, string>> = {
  tx: 'transaction_id',
  order: 'order_id',
  entitlement: 'entitlement_id',
  payment: 'payment_id',
  reference_transaction_uuid: 'transaction_uuid',
  cursor: 'next_cursor',
};

/** What a server has that requests can be about; it grows with what is answered. */
export class World {
  readonly url: string;
  readonly #seen = new Map<string, string[]>();
  readonly #owners = new Map<string, string>();
  readonly #tokens: string[] = [];

  constructor(url: string) {
    this.url = url;
  }

  /** Makes players, items and one of everything, so that requests find something. */
  async fill(): Promise<void> {
    await this.#must('POST', '/users', { users: PLAYERS });
    const item = { kind: 'consumable', price: 2, duration: 3_600, max_per_player: 1_000_000 };
    await this.#ask('PUT', '/v1/items/sword', { name: 'Sword', kind: 'durable', price: 3 });
    await this.#ask('PUT', '/v1/items/potion', { name: 'Potion', ...item });
    for (const player of PLAYERS) await this.#fillPlayer(player);
    for (const username of ['dora', 'emil']) {
      await this.#ask('POST', '/signup', { username, password: PASSWORD });
      const { body } = await this.#must('POST', '/login', { username, password: PASSWORD });
      this.#tokens.push((body as { token: string }).token);
    }
  }

  async #fillPlayer(player: string): Promise<void> {
    const path = `/v1/players/${encodeURIComponent(player)}`;
    const key = () => ({ 'idempotency-key': crypto.randomUUID() });
    const ids = { user: player, transaction_uuid: crypto.randomUUID() };
    const bet = {
      op: 'bet',
      ...ids,
      request_uuid: crypto.randomUUID(),
      currency: 'USD',
      amount: 1,
    };
    await this.#must('POST', '/transaction/bet', bet);
    const others = Array.from({ length: 5 }, () => ({
      ...bet,
      transaction_uuid: crypto.randomUUID(),
    }));
    await this.#must('POST', '/transactions', others);
    this.#remember('transaction_uuid', ids.transaction_uuid);
    await this.#must('POST', `${path}/credits`, { amount: 90, reason: 'BONUS' }, key());
    await this.#must('POST', `${path}/spends`, { amount: 5 }, key());
    await this.#must(
      'POST',
      `${path}/transfers`,
      { to: player === 'bob' ? 'alice' : 'bob', amount: 1 },
      key(),
    );
    await this.#must('POST', `${path}/payments`, { provider: 'testpsp', amount: 7 }, key());
    for (const complete of [true, false]) {
      const lines = [{ sku: 'potion', quantity: 3 }];
      await this.#must('POST', `${path}/orders`, { lines, complete }, key());
    }
    for (const list of ['transactions', 'entitlements', 'orders']) {
      await this.#must('GET', `${path}/${list}?limit=2`);
    }
  }

  async #ask(
    method: string,
    path: string,
    body?: Json,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Answer> {
    const all = { authorization: `Bearer ${API_KEY}`, 'if-none-match': '*', ...headers };
    const content = body === undefined ? {} : { 'content-type': 'application/json' };
    const bytes = body === undefined ? {} : { body: Buffer.from(JSON.stringify(body)) };
    return await this.send({ method, path, headers: { ...all, ...content }, ...bytes });
  }

  async #must(
    method: string,
    path: string,
    body?: Json,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Answer> {
    const answer = await this.#ask(method, path, body, headers);
    if (answer.status < 300 && !JSON.stringify(answer.body).includes('RS_ERROR')) return answer;
    throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
  }

  /** Sends a request, and remembers the ids in what is answered. */
  async send(asked: HttpRequest): Promise<Answer> {
    const answer = await send(this.url, asked);
    this.#learn(answer.body);
    if (answer.etag !== undefined) this.#remember('if-match', answer.etag);
    const key = asked.headers['idempotency-key'];
    if (key !== undefined && answer.status < 300) this.#remember('idempotency-key', key);
    return answer;
  }

  #learn(body: Json): void {
    if (body === null || typeof body !== 'object') return;
    const { player_id: owner } = body as { readonly player_id?: Json };
    for (const [name, value] of Object.entries(body)) {
      if (typeof value === 'string' && typeof owner === 'string') this.#owners.set(value, owner);
      if (typeof value === 'string') this.#remember(name, value);
      else this.#learn(value);
    }
  }

  #remember(name: string, value: string): void {
    const seen = this.#seen.get(name) ?? [];
    this.#seen.set(name, [...seen.slice(1 - REMEMBERED), value]);
  }

  /** The player that one of these ids belongs to. */
  ownerOf(ids: readonly Json[]): string | undefined {
    return ids.map((id) => this.#owners.get(String(id))).find((owner) => owner !== undefined);
  }

  /** A bearer token: of a key that may all, mostly; of a player; or one that means nothing. */
  bearer(forPlayers: boolean): fc.Arbitrary<string | undefined> {
    const players = fc.constantFrom(...this.#tokens);
    return fc.oneof(
      { weight: forPlayers ? 2 : 30, arbitrary: fc.constant(API_KEY) },
      { weight: forPlayers ? 30 : 3, arbitrary: players },
      { weight: 1, arbitrary: fc.constantFrom('a-key-for-credits', 'no-key', 'a.b.c', undefined) },
      { weight: 1, arbitrary: fc.string() },
    );
  }

  /** Values that the server knows, or could know next. */
  readonly known: Known = (name) => {
    if (['id', 'user', 'to', 'player_id'].includes(name)) {
      return fc.constantFrom(...PLAYERS, 'dora', 'me', 'nobody');
    }
    if (name === 'users') return fc.array(fc.constantFrom(...PLAYERS, 'fred', 'gina', ''));
    if (['sku', 'item'].includes(name)) return fc.constantFrom(...SKUS, 'unknown');
    if (name === 'username') return fc.constantFrom('dora', 'emil', 'fay', 'nobody');
    if (name === 'password') return fc.constantFrom(PASSWORD, 'another');
    if (name === 'provider') return mostly('testpsp', 'nopsp');
    if (name === 'currency') return mostly('USD', 'EUR');
    return this.#seenBefore(alike[name] ?? name);
  };

  /** What was seen, chosen when the value is made: there is more of it by then. */
  #seenBefore(name: string): fc.Arbitrary<Json> | undefined {
    if (!/_id$|_uuid$|_ref$|cursor$|Code$|^if-match$|^idempotency-key$/.test(name))
      return undefined;
    const fresh = fc.uuid();
    if (name === 'request_uuid') return fresh;
    if (name !== 'idempotency-key' && !this.#seen.has(name)) return undefined;
    const old = fc.nat(REMEMBERED).map((at) => {
      const seen = this.#seen.get(name) ?? [''];
      return seen[at % seen.length] as string;
    });
    const isChosen = name === 'transaction_uuid' || name === 'idempotency-key';
    return isChosen
      ? fc.oneof({ weight: 7, arbitrary: fresh }, { weight: 1, arbitrary: old })
      : old;
  }
}

function mostly(usual: string, other: string): fc.Arbitrary<string> {
  return fc.oneof(
    { weight: 9, arbitrary: fc.constant(usual) },
    { weight: 1, arbitrary: fc.constant(other) },
  );
}
