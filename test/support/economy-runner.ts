import { setTimeout as wait } from 'node:timers/promises';
import { expect } from 'vitest';
import type { EconomyCase, Expectation, Json, Step } from './economy-case.js';
import { Names } from './economy-names.js';
import { ADMIN_KEY, type EconomyServer, SERVICE_KEY } from './economy-server.js';

interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Json;
}

const PASSWORD = 'correct horse';

/** Runs the steps of one case against a server. */
export class Runner {
  readonly #server: EconomyServer;
  readonly #names: Names;
  readonly #variables = new Map<string, string>();
  readonly #tokens = new Map<string, string>();
  readonly #signedUp: boolean;
  /** What the next call does not live to see. */
  #fault: string | undefined;

  constructor(server: EconomyServer, { id, steps }: EconomyCase) {
    this.#server = server;
    this.#names = new Names(id);
    this.#signedUp = /player:|ref_p1/.test(JSON.stringify(steps));
  }

  async run(steps: readonly Step[]): Promise<void> {
    for (const step of steps) await this.#step(step);
  }

  async #step(step: Step): Promise<void> {
    if (step.fixture !== undefined) await this.#fixture(step.fixture);
    else if (step.assert !== undefined) await this.#assert(step.assert);
    else if (step.parallel !== undefined) await this.#parallel(step.parallel, step.expect ?? {});
    else if (step.fault !== undefined) await this.#prepare(step.at ?? '');
    else if (step.kill9 === true) await this.#server.server.kill();
    else if (step.restart === true || step.compact === true) await this.#restart();
    else if (step.advance_clock !== undefined) await this.#advance(step.advance_clock);
    else if (step.repeat !== undefined) await this.#repeat(step.repeat, step.step ?? {});
    else if (step.paginate !== undefined) await this.#paginate(step.paginate, step.expect ?? {});
    else if (step.random_load !== undefined) await this.#randomLoad(step.random_load);
    else if (step.signal !== undefined) await this.#stopUnderLoad();
    else await this.#exchange(step);
  }

  /** A call or a callback, with what it must answer; or one that ends in a crash. */
  async #exchange(step: Step): Promise<void> {
    if (this.#fault !== undefined) {
      await this.#crash(step, this.#fault);
      return;
    }
    const reply = await this.#send(step);
    if (step.expect !== undefined) this.#check(reply, step.expect, step.call ?? 'webhook');
    const etag = reply.headers.get('etag');
    if (etag !== null) this.#variables.set('etag', etag);
    for (const [name, path] of Object.entries(step.save ?? {})) {
      this.#variables.set(name, String(at(reply.body, path)));
    }
  }

  async #send(step: Step): Promise<Reply> {
    if (step.webhook !== undefined) {
      const body = this.#names.body(this.#fill(step.body ?? {}));
      return replyOf(await this.#server.webhook(body, `msg-${JSON.stringify(body).length}`));
    }
    const [method = '', path = ''] = this.#fillText(step.call ?? '').split(' ');
    const body = step.raw ?? JSON.stringify(this.#names.body(this.#fill(step.body ?? {})));
    const headers: Record<string, string> = { ...(await this.#authorization(step.auth)) };
    if (step.key !== undefined) headers['idempotency-key'] = this.#fillText(step.key);
    for (const [name, value] of Object.entries(step.headers ?? {})) {
      headers[name.toLowerCase()] = this.#fillText(value);
    }
    if (method !== 'GET') headers['content-type'] ??= 'application/json';
    const named = path.startsWith('/transaction') ? path : this.#names.path(path);
    const response = await fetch(`${this.#server.server.url}${named}`, {
      method,
      headers,
      ...(method !== 'GET' && { body }),
    });
    const reply = await replyOf(response);
    const { status, headers: told, body: said } = reply;
    this.#server.api.expectDocumented(method, named.split('?')[0] ?? '', status, told, said);
    return reply;
  }

  async #authorization(auth = 'svc'): Promise<Record<string, string>> {
    if (auth === 'none') return {};
    if (auth === 'svc') return { authorization: `Bearer ${SERVICE_KEY}` };
    if (auth === 'admin') return { authorization: `Bearer ${ADMIN_KEY}` };
    if (auth.startsWith('bearer:')) {
      return { authorization: `Bearer ${this.#fillText(auth.slice('bearer:'.length))}` };
    }
    return { authorization: `Bearer ${await this.#token(auth.slice('player:'.length))}` };
  }

  async #token(player: string): Promise<string> {
    const known = this.#tokens.get(player);
    if (known !== undefined) return known;
    const body = { username: player, password: PASSWORD };
    const { body: answer } = await this.#send({ call: 'POST /login', auth: 'none', body });
    const token = String(at(answer, 'token'));
    this.#tokens.set(player, token);
    return token;
  }

  #check(reply: Reply, { status, code, body, headers }: Expectation, what: string): void {
    const said = `${what}: ${JSON.stringify(reply.body).slice(0, 300)}`;
    if (status !== undefined) expect([status].flat(), said).toContain(reply.status);
    if (code !== undefined) expect(reply.body, said).toMatchObject({ code });
    if (body !== undefined) {
      expect(reply.body, said).toMatchObject(this.#names.body(this.#fill(body)) as object);
    }
    for (const [name, value] of Object.entries(headers ?? {})) {
      expect(reply.headers.get(name), said).toBe(value);
    }
  }

  async #parallel(steps: readonly Step[], expectation: Expectation): Promise<void> {
    const copies = steps.flatMap((step) =>
      Array.from({ length: step.times ?? 1 }, (_, i) => withNumber(step, i)),
    );
    const replies = await Promise.all(copies.map((step) => this.#send(step)));
    const counts = new Map<string, number>();
    for (const { status } of replies) counts.set(`${status}`, (counts.get(`${status}`) ?? 0) + 1);
    const { statuses, winners, same } = expectation;
    if (statuses !== undefined) expect(Object.fromEntries(counts)).toEqual(statuses);
    if (winners !== undefined) expect(replies.filter(isGood)).toHaveLength(winners);
    for (const name of same ?? []) {
      expect(new Set(replies.map(({ body }) => at(body, name))).size).toBe(1);
    }
  }

  async #fixture(fixture: Readonly<Record<string, Json>>): Promise<void> {
    const { player, balance = 0, item, exwallet_users, pending_orders, login } = fixture;
    if (typeof player === 'string') await this.#player(player, Number(balance));
    if (typeof login === 'string') await this.#signUp(login, Number(balance));
    if (typeof item === 'string') await this.#item(item, fixture);
    if (exwallet_users !== undefined) {
      await this.#must({ call: 'POST /users', body: { users: exwallet_users } });
    }
    for (const [name, orders] of Object.entries((pending_orders ?? {}) as Record<string, Json>)) {
      const body = { lines: [{ sku: 'box', quantity: 1 }] };
      const call = `POST /v1/players/${name}/orders`;
      for (let i = 0; i < Number(orders); i++)
        await this.#must({ call, key: `pending-${i}`, body });
    }
  }

  async #player(player: string, balance: number): Promise<void> {
    if (this.#signedUp) return this.#signUp(player, balance);
    const body = { player_id: this.#names.player(player), initial_balance: balance };
    await this.#must({ call: 'POST /v1/players', body });
  }

  async #signUp(player: string, balance: number): Promise<void> {
    const body = { username: player, password: PASSWORD };
    const reply = await this.#must({ call: 'POST /signup', auth: 'none', body });
    this.#variables.set(`ref_${player}`, String(at(reply.body, 'referralCode')));
    if (balance === 0) return;
    const call = `POST /v1/players/${player}/credits`;
    await this.#must({ call, key: 'fixture', body: { amount: balance, reason: 'BONUS' } });
  }

  /** Makes an item or changes it: what the fixture does not say stays as it is. */
  async #item(item: string, fixture: Readonly<Record<string, Json>>): Promise<void> {
    const sku = this.#names.item(item);
    const found = await this.#send({ call: `GET /v1/items/${sku}` });
    const old = found.status === 200 ? (found.body as Record<string, Json>) : {};
    const { price = old['price'], kind = old['kind'], grants, active } = fixture;
    const body: Record<string, Json> = { name: item, price: price ?? 0, kind: kind ?? 'durable' };
    if (grants !== undefined) body['grants'] = grants;
    if (active !== undefined) body['active'] = active;
    const etag = found.headers.get('etag');
    const headers = found.status === 200 ? { 'If-Match': etag ?? '' } : { 'If-None-Match': '*' };
    await this.#must({
      call: `PUT /v1/items/${sku}`,
      auth: 'admin',
      headers: headers as never,
      body,
    });
  }

  async #must(step: Step): Promise<Reply> {
    const reply = await this.#send(step);
    expect(isGood(reply), `${step.call}: ${JSON.stringify(reply.body)}`).toBe(true);
    return reply;
  }

  async #assert(asserted: Readonly<Record<string, Json>>): Promise<void> {
    for (const [what, value] of Object.entries(asserted)) {
      const check = this.#asserts[what];
      if (check === undefined) throw new Error(`nobody knows how to assert ${what}`);
      await check(value);
    }
  }

  readonly #audit = async (): Promise<void> => {
    const { body } = await this.#must({ call: 'GET /v1/audit', auth: 'admin' });
    expect(body).toMatchObject({ ok: true, total: '0' });
  };

  readonly #balances = async (value: Json): Promise<void> => {
    for (const [player, balance] of Object.entries(value as Record<string, Json>)) {
      const { body } = await this.#must({ call: `GET /v1/players/${player}` });
      expect(body, player).toMatchObject({ balance });
    }
  };

  readonly #asserts: Readonly<Record<string, (value: Json) => Promise<void>>> = {
    balance: this.#balances,
    ledger_zero_sum: this.#audit,
    money_and_items_agree: this.#audit,
    no_phantom_reads: this.#audit,
    all_acknowledged_present: async () => {
      await this.#audit();
      const { body } = await this.#must({ call: 'GET /v1/players/p1' });
      const spent = Number(this.#variables.get('acknowledged'));
      expect(Number(at(body, 'balance'))).toBeLessThanOrEqual(100_000_100 - spent);
    },
    // A player below zero would have been answered a spend that the balance does not cover.
    never_negative: () => this.#folds('p1'),
    history_folds: (players) => this.#folds(String((players as Json[])[0])),
    ledger_count: async (value) => {
      for (const [player, lines] of Object.entries(value as Record<string, Json>)) {
        const history = await this.#history(`/v1/players/${player}/transactions`);
        expect(history.filter((line) => at(line, 'type') !== 'OPENING')).toHaveLength(
          Number(lines),
        );
      }
    },
    entitlements: async (value) => {
      for (const [player, owned] of Object.entries(value as Record<string, Json>)) {
        const call = `GET /v1/players/${player}/entitlements?status=ACTIVE&limit=200`;
        const { body } = await this.#must({ call });
        const units: Record<string, number> = {};
        for (const lot of at(body, 'data') as Json[]) {
          const sku = String(at(lot, 'sku'));
          units[sku] = (units[sku] ?? 0) + Number(at(lot, 'remaining'));
        }
        const named = Object.entries(owned as Record<string, Json>);
        expect(units).toEqual(Object.fromEntries(named.map(([s, n]) => [this.#names.item(s), n])));
      }
    },
    exwallet_balance: async (value) => {
      for (const [user, balance] of Object.entries(value as Record<string, Json>)) {
        const request_uuid = '583c985f-fee6-4c0e-bbf5-308aad6265af';
        const { body } = await this.#must({
          call: 'POST /user/balance',
          body: { user, request_uuid },
        });
        expect(body).toMatchObject({ balance });
      }
    },
    eventually: async (value) => {
      const end = Date.now() + 5_000;
      for (;;) {
        try {
          await this.#assert(value as Record<string, Json>);
          return;
        } catch (error) {
          if (Date.now() > end) throw error;
        }
        await wait(50);
      }
    },
  };

  async #history(path: string, meanwhile?: () => Promise<unknown>): Promise<Json[]> {
    const lines: Json[] = [];
    const more = path.includes('?') ? '&' : '?';
    for (let cursor = ''; ; ) {
      const page = cursor === '' ? path : `${path}${more}cursor=${cursor}`;
      const { body } = await this.#must({ call: `GET ${page}` });
      lines.push(...(at(body, 'data') as Json[]));
      const next = at(body, 'next_cursor');
      if (next === null) return lines;
      cursor = String(next);
      await meanwhile?.();
    }
  }

  /** The running balances add up, from the first line to what the player has. */
  async #folds(player: string): Promise<void> {
    const lines = await this.#history(`/v1/players/${player}/transactions?limit=200`);
    let balance = 0;
    for (const line of lines.reverse()) {
      balance += Number(at(line, 'sign')) * Number(at(line, 'amount'));
      expect(balance).toBeGreaterThanOrEqual(0);
      expect(at(line, 'balance_after')).toBe(balance);
    }
    await this.#balances({ [player]: balance });
  }

  async #repeat(times: number, step: Step): Promise<void> {
    const STRIDE = 50;
    for (let from = 0; from < times; from += STRIDE) {
      const some = Array.from({ length: STRIDE }, (_, i) => withNumber(step, from + i));
      await Promise.all(some.map((one) => this.#must(one)));
    }
  }

  async #paginate(path: string, { count_at_least = 0 }: Expectation): Promise<void> {
    let extra = 0;
    const lines = await this.#history(path, () => {
      extra += 1;
      const call = path.replace(/transactions.*/, 'spends');
      return this.#must({ call: `POST ${call}`, key: `meanwhile-${extra}`, body: { amount: 1 } });
    });
    const ids = lines.map((line) => String(at(line, 'transaction_id')));
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.length).toBeGreaterThanOrEqual(count_at_least);
    const times = lines.map((line) => String(at(line, 'created_at')));
    expect(times).toEqual([...times].sort().reverse());
  }

  async #randomLoad(requests: number): Promise<void> {
    await this.#player('p1', 5_000);
    const spends: string[] = [];
    for (let from = 0; from < requests; from += 50) {
      const some = Array.from({ length: 50 }, async (_, i) => {
        const key = `load-${from + i}`;
        const amount = ((from + i) % 7) + 1;
        const spend = spends.at(-1);
        if (i % 3 === 0) {
          const body = { amount, reason: 'BONUS' };
          await this.#must({ call: 'POST /v1/players/p1/credits', key, body });
        } else if (i % 5 === 0 && spend !== undefined) {
          const call = `POST /v1/players/p1/spends/${spend}/refunds`;
          await this.#send({ call, key, body: { amount: 1 } });
        } else {
          const reply = await this.#must({
            call: 'POST /v1/players/p1/spends',
            key,
            body: { amount },
          });
          spends.push(String(at(reply.body, 'transaction_id')));
        }
      });
      await Promise.all(some);
    }
  }

  async #advance(duration: string): Promise<void> {
    const [, days = '0', minutes = '0'] = /^P(?:(\d+)D)?(?:T(\d+)M)?$/.exec(duration) ?? [];
    await this.#server.advance(Number(days) * 86_400_000 + Number(minutes) * 60_000);
  }

  async #restart(): Promise<void> {
    await this.#server.server.stop();
    await this.#server.start();
  }

  /** A server that holds back the syncs of its journal, or what comes after them. */
  async #prepare(point: string): Promise<void> {
    this.#fault = point;
    await this.#server.server.stop();
    const held = point.startsWith('after_commit') ? 'pwrite64:delay_exit' : 'fdatasync:delay_enter';
    const trace = ['-e', `trace=${held.split(':')[0]}`, '-e', `inject=${held}=400000`];
    await this.#server.start(['strace', '-D', '-f', '-o', '/dev/null', ...trace]);
  }

  /** Kills the server while the call is under way; whether it had its effect the retry will tell. */
  async #crash(step: Step, point: string): Promise<void> {
    this.#fault = undefined;
    const call = this.#send(step).catch(() => undefined);
    await wait(point.startsWith('after_commit') ? 600 : 200);
    await this.#server.server.kill();
    await call;
  }

  async #stopUnderLoad(): Promise<void> {
    const key = 'much';
    const body = { amount: 100_000_000, reason: 'BONUS' };
    await this.#must({ call: 'POST /v1/players/p1/credits', key, body });
    let acknowledged = 0;
    const calls = Array.from({ length: 100 }, async (_, i) => {
      const spend = { call: 'POST /v1/players/p1/spends', key: `k${i}`, body: { amount: 1 } };
      const reply = await this.#send(spend).catch(() => undefined);
      if (reply !== undefined && isGood(reply)) acknowledged += 1;
    });
    const stopped = this.#server.server.stop();
    await Promise.all(calls);
    expect(await stopped).toBe(0);
    this.#variables.set('acknowledged', `${acknowledged}`);
  }

  #fill(value: Json): Json {
    return JSON.parse(this.#fillText(JSON.stringify(value))) as Json;
  }

  #fillText(text: string): string {
    return text.replace(
      /\{\{(\w+)\}\}/g,
      (_, name: string) => this.#variables.get(name) ?? `{{${name}}}`,
    );
  }
}

async function replyOf(response: Response): Promise<Reply> {
  const text = await response.text();
  const { status, headers } = response;
  return { status, headers, body: text === '' ? null : (JSON.parse(text) as Json) };
}

function isGood({ status }: Pick<Reply, 'status'>): boolean {
  return status >= 200 && status < 300;
}

function at(value: Json, path: string): Json {
  let found: Json = value;
  for (const name of path.split('.')) found = (found as Record<string, Json>)?.[name] ?? null;
  return found;
}

function withNumber(step: Step, i: number): Step {
  return JSON.parse(JSON.stringify(step).replaceAll('{{i}}', `${i}`)) as Step;
}
