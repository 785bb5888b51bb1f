import type { Step } from './economy-cases.js';
import { type EconomyClient, PASSWORD } from './economy-client.js';
import { at, type Json } from './exchange.js';

type Fixture = NonNullable<Step['fixture']>;

/** What a case finds when it begins. */
export class Fixtures {
  readonly #client: EconomyClient;
  /** The steps of the case, as text: they tell which players log in. */
  readonly #text: string;

  constructor(client: EconomyClient, steps: readonly Step[]) {
    this.#client = client;
    this.#text = JSON.stringify(steps);
  }

  async make(fixture: Fixture): Promise<void> {
    const { player, login, item, balance = 0, exwallet_users, pending_orders } = fixture;
    if (typeof player === 'string') await this.player(player, Number(balance));
    if (typeof login === 'string') await this.#signup(login, Number(balance));
    if (typeof item === 'string') await this.#item(item, fixture);
    if (exwallet_users !== undefined) {
      await this.#client.must({ call: 'POST /users', body: { users: exwallet_users } });
    }
    for (const [name, count] of Object.entries(pending_orders ?? {}))
      await this.#hoard(name, count);
  }

  /** A player with a password where the case logs in or refers, else one without. */
  async player(name: string, balance: number): Promise<void> {
    const short = name.split('-').at(-1);
    if (this.#text.includes(`player:${name}`) || this.#text.includes(`{{ref_${short}}}`)) {
      return await this.#signup(name, balance);
    }
    const body = { player_id: name, initial_balance: balance };
    await this.#client.must({ call: 'POST /v1/players', body, expect: { status: 201 } });
  }

  async #signup(name: string, balance: number): Promise<void> {
    const body = { username: name, password: PASSWORD };
    const reply = await this.#client.must({ call: 'POST /signup', auth: 'none', body });
    this.#client.set(`ref_${name.split('-').at(-1)}`, at(reply.body, 'referralCode'));
    if (balance === 0) return;
    const credit = { amount: balance, reason: 'ADJUSTMENT' };
    await this.#client.must({
      call: `POST /v1/players/${name}/credits`,
      key: 'fixture',
      body: credit,
    });
  }

  /** Makes an item, or its next version: what the fixture leaves out stays as it is. */
  async #item(sku: string, { item: _, ...given }: Fixture): Promise<void> {
    const found = await this.#client.send({ call: `GET /v1/items/${sku}`, auth: 'admin' });
    const { name = sku, kind, price, grants } = (found.status === 200 ? found.body : {}) as Fixture;
    const kept = { name, kind, price, ...(grants !== undefined && { grants }) };
    const condition =
      found.status === 200 ? { 'If-Match': found.headers.etag ?? '' } : { 'If-None-Match': '*' };
    await this.#client.must({
      call: `PUT /v1/items/${sku}`,
      auth: 'admin',
      headers: condition,
      body: { ...kept, ...given } as Json,
    });
  }

  async #hoard(player: string, count: Json): Promise<void> {
    const sku = player.replace(/p1$/, 'box');
    const orders = Array.from({ length: Number(count) }, (_, i) => {
      return this.#client.must({
        call: `POST /v1/players/${player}/orders`,
        key: `pending-${i}`,
        body: { lines: [{ sku, quantity: 1 }] },
      });
    });
    await Promise.all(orders);
  }
}
