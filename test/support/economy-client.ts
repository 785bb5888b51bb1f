import { expect } from 'vitest';
import type { Expectation, Step } from './economy-cases.js';
import { at, exchange, isGood, type Json, type Reply } from './exchange.js';
import { apiKeys, provider, type ShopServer } from './shop-server.js';

export const PASSWORD = 'pass';

/** Sends the calls of one case, and compares what comes back with what it expects. */
export class EconomyClient {
  /** The server that is called. */
  shop: ShopServer;
  readonly #variables = new Map<string, string>();
  readonly #tokens = new Map<string, string>();
  /** The body of the first success under each line and key: what a replay must be. */
  readonly #first = new Map<string, Json>();

  constructor(shop: ShopServer) {
    this.shop = shop;
  }

  set(name: string, value: Json): void {
    this.#variables.set(name, String(value));
  }

  /** Sends a step and checks and keeps what it says. */
  async perform(step: Step): Promise<Reply> {
    const reply = await this.send(step);
    this.check(reply, step.expect ?? {}, step.call ?? 'callback');
    const version = at(reply.body, 'version');
    const etag = reply.headers.etag ?? (version === null ? undefined : `"${version}"`);
    if (etag !== undefined) this.set('etag', etag);
    for (const [name, path] of Object.entries(step.save ?? {}))
      this.set(name, at(reply.body, path));
    return reply;
  }

  /** Sends a step that must succeed. */
  async must(step: Step): Promise<Reply> {
    const reply = await this.perform(step);
    expect(isGood(reply), `${step.call}: ${JSON.stringify(reply.body)}`).toBe(true);
    return reply;
  }

  /** Sends a call or a callback, whatever the answer is. */
  async send(step: Step): Promise<Reply> {
    if (step.webhook !== undefined) {
      const reply = await this.shop.webhook(this.fill(step.body ?? {}));
      await this.#compareDocument('POST', `/v1/webhooks/${provider}`, reply);
      return reply;
    }
    const [method = '', path = ''] = this.#fillText(step.call ?? '').split(' ');
    const headers = await this.#headers(step);
    const raw = step.raw ?? JSON.stringify(this.fill(step.body ?? {}));
    const body = method === 'GET' ? undefined : raw;
    const reply = await exchange(this.shop.url, method, path, headers, body);
    this.#compareReplay(`${method} ${path}`, headers['idempotency-key'], reply);
    await this.#compareDocument(method, path, reply);
    return reply;
  }

  async #headers({ auth = 'svc', key, headers }: Step): Promise<Record<string, string | string[]>> {
    const all: Record<string, string | string[]> = { 'content-type': 'application/json' };
    const token = await this.#token(auth);
    if (token !== undefined) all['authorization'] = `Bearer ${token}`;
    if (key !== undefined) all['idempotency-key'] = this.#fillText(key);
    for (const [name, value] of Object.entries(headers ?? {})) {
      all[name.toLowerCase()] = typeof value === 'string' ? this.#fillText(value) : value;
    }
    return all;
  }

  async #token(auth: string): Promise<string | undefined> {
    const [kind = '', value = ''] = auth.split(/:(.*)/s);
    if (kind === 'svc' || kind === 'admin') return apiKeys[kind];
    if (kind === 'bearer') return this.#fillText(value);
    if (kind !== 'player') return undefined;
    const token = this.#tokens.get(value) ?? (await this.#login(value));
    this.#tokens.set(value, token);
    return token;
  }

  async #login(username: string): Promise<string> {
    const body = { username, password: PASSWORD };
    const { body: answer } = await this.must({ call: 'POST /login', auth: 'none', body });
    return String(at(answer, 'token'));
  }

  /** A replay is the answer of then, word by word. */
  #compareReplay(line: string, key: string | string[] | undefined, reply: Reply): void {
    if (key === undefined || !isGood(reply)) return;
    const place = `${line} ${String(key).replaceAll('"', '')}`;
    const first = this.#first.get(place);
    if (first === undefined) this.#first.set(place, reply.body);
    else expect(reply.body, place).toEqual(first);
  }

  /** An answer is one of those that the OpenAPI document describes. */
  async #compareDocument(method: string, path: string, reply: Reply): Promise<void> {
    const [url = ''] = path.split('?');
    const api = await this.shop.api();
    api.expectDocumented(method, url, reply);
  }

  check(reply: Reply, wanted: Expectation, what: string): void {
    const { status, code, body, says, headers } = wanted;
    const said = `${what}: ${reply.status} ${JSON.stringify(reply.body)}`.slice(0, 500);
    if (status !== undefined) expect([status].flat(), said).toContain(reply.status);
    if (code !== undefined) {
      expect(reply.headers['content-type'], said).toContain('application/problem+json');
      expect(reply.body, said).toMatchObject({ code });
    }
    if (body !== undefined) expect(reply.body, said).toMatchObject(this.fill(body) as object);
    if (says !== undefined) expect(said).toContain(says);
    for (const [name, value] of Object.entries(headers ?? {})) {
      const header = reply.headers[name.toLowerCase()] ?? null;
      if (value === '*') expect(header, `${name} of ${said}`).not.toBeNull();
      else expect(header, `${name} of ${said}`).toBe(value && this.#fillText(value));
    }
  }

  /** With the variables that are known so far in their places. */
  fill<T extends Json>(value: T): T {
    return JSON.parse(this.#fillText(JSON.stringify(value))) as T;
  }

  #fillText(text: string): string {
    return text.replace(/\{\{(\w+)\}\}/g, (place, name) => this.#variables.get(name) ?? place);
  }

  /** The lines of a list, page by page; `between` is done after each page. */
  async list(path: string, between?: () => Promise<unknown>): Promise<Json[]> {
    const lines: Json[] = [];
    const more = path.includes('?') ? '&' : '?';
    let page = path;
    for (;;) {
      const { body } = await this.must({ call: `GET ${page}`, auth: 'svc' });
      lines.push(...(at(body, 'data') as Json[]));
      const cursor = at(body, 'next_cursor');
      if (cursor === null) return lines;
      page = `${path}${more}cursor=${encodeURIComponent(String(cursor))}`;
      await between?.();
    }
  }
}
