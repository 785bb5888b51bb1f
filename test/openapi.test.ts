import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { sharedDirectory } from './support/directory.js';
import { exchange, type Json } from './support/exchange.js';
import { type OpenApi, openApiOf } from './support/openapi.js';
import { type Server, serve } from './support/server.js';

let server: Server;
let api: OpenApi;

beforeAll(async () => {
  server = await serve(['--data', sharedDirectory()]);
  api = await openApiOf(server.url);
});

afterAll(() => server.kill());

interface Answer {
  readonly description: string;
  readonly content: Record<string, { schema: object; example?: unknown; examples?: object }>;
}

interface Described {
  readonly operationId: string;
  readonly summary: string;
  readonly tags: readonly string[];
  readonly parameters?: readonly {
    name: string;
    in: string;
    required?: boolean;
    example?: unknown;
  }[];
  readonly requestBody?: { content: Record<string, { schema: object; example?: unknown }> };
  readonly responses: Record<string, Answer>;
}

function operations(): (readonly [where: string, described: Described])[] {
  const paths = api.document['paths'] as unknown as Record<string, Record<string, Described>>;
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, described]) => [`${method} ${path}`, described] as const),
  );
}

test('the document is OpenAPI 3.1 and names every operation once', () => {
  expect(api.document['openapi']).toMatch(/^3\.1\./);
  const ids = operations().map(([, { operationId }]) => operationId);
  expect(ids.length).toBeGreaterThan(35);
  expect(new Set(ids).size).toBe(ids.length);
});

test('every operation tells what it does, its parameters, and an example of each answer', () => {
  for (const [where, { summary, tags, parameters = [], requestBody, responses }] of operations()) {
    expect(summary, where).toMatch(/\S/);
    expect(tags, where).toHaveLength(1);
    const inPath = [...where.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
    const named = parameters.filter((one) => one.in === 'path').map(({ name }) => name);
    expect(named.sort(), where).toEqual(inPath.sort());
    for (const { schema } of Object.values(requestBody?.content ?? {})) {
      expect(schema, where).toMatchObject({ type: expect.any(String) });
    }
    for (const [status, { content }] of Object.entries(responses)) {
      for (const { schema, example, examples } of Object.values(content)) {
        expect(schema, `${where} ${status}`).toBeTypeOf('object');
        expect(example ?? examples, `${where} ${status}`).toBeDefined();
      }
    }
  }
});

const condition = { 'If-Match': false };
const signature = { 'X-Hub88-Signature': false };

test.each<readonly [where: string, wanted: Readonly<Record<string, boolean>>]>([
  ['put /v1/items/{sku}', { ...condition, 'If-None-Match': false }],
  ['put /v1/players/{id}/status', condition],
  ['put /v1/players/{id}/limits', condition],
  ['post /v1/players/{id}/spends', { 'Idempotency-Key': true, ...condition }],
  ['post /top-up', { 'Idempotency-Key': false, ...condition }],
  ['post /purchase', { 'Idempotency-Key': false, ...condition }],
  [
    'post /v1/webhooks/{provider}',
    { 'webhook-id': true, 'webhook-timestamp': true, 'webhook-signature': true },
  ],
  ...['bet', 'win', 'rollback'].map((name) => [`post /transaction/${name}`, signature] as const),
  ['post /transactions', signature],
  ['post /user/balance', signature],
  ['post /user/info', signature],
  ['post /users', {}],
])('%s names the headers that decide its answer', (where, wanted) => {
  const { parameters = [] } = new Map(operations()).get(where) ?? {};
  const headers = parameters.filter((one) => one.in === 'header');
  const told = headers.map(({ name, required }) => [name, required]);
  expect(Object.fromEntries(told)).toEqual(wanted);
});

test('one operation after the other can be tried with what its examples say', async () => {
  await server.post('/v1/players', { player_id: 'tried', initial_balance: 1_000 });
  for (const resource of ['credits', 'spends', 'orders', 'payments']) {
    const path = `/v1/players/{id}/${resource}`;
    const { parameters = [], requestBody } = new Map(operations()).get(`post ${path}`) ?? {};
    const headers = parameters.filter((one) => one.in === 'header' && one.example !== undefined);
    const { status } = await server.post(
      path.replace('{id}', 'tried'),
      requestBody?.content['application/json']?.example,
      Object.fromEntries(headers.map(({ name, example }) => [name, String(example)])),
    );
    expect(status, resource).toBe(201);
  }
});

type Told = Record<string, Json>;

/** What an operation answers to the example of its body, and the example of that answer. */
async function tried(
  where: string,
  names: Readonly<Record<string, string>>,
  more: object = {},
): Promise<readonly [answer: Told, example: Told]> {
  const { requestBody, responses } = new Map(operations()).get(where) ?? {};
  const [method = '', path = ''] = where.split(' ');
  const headers = {
    'content-type': 'application/json',
    'idempotency-key': where.replace(' ', ':'),
  };
  const url = path.replace(/\{(\w+)\}/g, (_, name) => names[name] ?? '');
  const example = requestBody?.content['application/json']?.example as object;
  const body = JSON.stringify({ ...example, ...more });
  const reply = await exchange(server.url, method.toUpperCase(), url, headers, body);
  const told = responses?.[reply.status]?.content['application/json']?.example;
  return [reply.body as Told, told as Told];
}

test('the example of an answer has its members, and is what the example of a body leads to', async () => {
  const alike = ([answer, example]: readonly [Told, Told], ...names: string[]): Told => {
    expect(Object.keys(answer).sort()).toEqual(Object.keys(example).sort());
    for (const name of names) expect(answer[name], name).toEqual(example[name]);
    return answer;
  };
  const id = 'shown';
  const made = await tried('post /v1/players', {}, { player_id: id });
  alike(made, 'balance', 'status', 'version', 'limits');
  alike(await tried('put /v1/players/{id}/limits', { id }), 'limits');
  const order = String(alike(await tried('post /v1/players/{id}/orders', { id }))['order_id']);
  const paid = await tried('post /v1/players/{id}/orders/{order}/complete', { id, order });
  alike(paid, 'status', 'total', 'history');
  const [[line], [lineOfExample]] = paid.map((one) => one['lines']) as [[Told], [Told]];
  expect(Object.keys(line).sort()).toEqual(Object.keys(lineOfExample).sort());
  const entitlement = String(line['entitlement_id']);
  for (const what of ['consume', 'revoke']) {
    const where = `post /v1/players/{id}/entitlements/{entitlement}/${what}`;
    const lot = await tried(where, { id, entitlement });
    alike(lot, 'status', 'granted', 'remaining', 'consumed', 'revoked');
  }
  alike(await tried('put /v1/players/{id}/status', { id }), 'status');
});

test('a player is made by the example, another one signs up by it, and logs in', async () => {
  const made = await tried('post /v1/players', {});
  const [signedUp, example] = await tried('post /signup', {});
  for (const [answer] of [made, [signedUp], await tried('post /login', {})]) {
    expect(answer).not.toHaveProperty('code');
  }
  expect(signedUp['userId']).toBe(example['userId']);
});

test('every example is what its schema says', () => {
  for (const [where, { responses }] of operations()) {
    const [method = '', path = ''] = where.split(' ');
    const url = path.replace(/\{\w+\}/g, 'x');
    for (const [status, { content }] of Object.entries(responses)) {
      for (const [type, { example, examples }] of Object.entries(content)) {
        const named = Object.values((examples ?? {}) as Record<string, { value: unknown }>);
        const all = example === undefined ? named.map(({ value }) => value) : [example];
        for (const one of all) {
          expect(api.faultOf(method, url, Number(status), type, one as never)).toBeUndefined();
        }
      }
    }
  }
});

test('a parameter that no route takes is answered as the document says', async () => {
  for (const [where] of operations().filter(([place]) => place.includes('{'))) {
    const [method = '', path = ''] = where.split(' ');
    for (const parameter of ['x'.repeat(2_100), '%ff']) {
      const url = path.replace(/\{\w+\}/g, parameter);
      const reply = await exchange(server.url, method.toUpperCase(), url);
      api.expectDocumented(method, url, reply);
    }
  }
});

test('every operation answers with the headers that the document names, and no others', async () => {
  const json = { 'content-type': 'application/json' };
  await server.post('/signup', { username: 'named', password: 'pass' });
  const token = { authorization: 'Bearer x.y.z' };
  for (const [where, { requestBody, parameters = [] }] of operations()) {
    const [method = '', path = ''] = where.split(' ');
    const example = requestBody?.content['application/json']?.example;
    const headers = parameters.filter((one) => one.in === 'header' && one.example !== undefined);
    const examples = Object.fromEntries(headers.map(({ name, example: e }) => [name, String(e)]));
    const url = path.replace('{id}', 'named').replace(/\{\w+\}/g, 'gold_coin');
    const body = example === undefined ? undefined : JSON.stringify(example);
    const type = body === undefined ? {} : json;
    for (const more of [examples, examples, token]) {
      const all = { ...type, ...more };
      api.expectDocumented(
        method,
        url,
        await exchange(server.url, method.toUpperCase(), url, all, body),
      );
    }
  }
});

test('a purchase is refused in the words of the document, also at the largest balance', async () => {
  const item = { name: 'Pack', kind: 'currency', price: 0, grants: 1 };
  await server.send('/v1/items/pack', JSON.stringify(item), { 'if-none-match': '*' }, 'PUT');
  await server.post('/signup', { username: 'buyer', password: 'pass' });
  const login = await server.post('/login', { username: 'buyer', password: 'pass' });
  const { token } = (await login.json()) as { token: string };
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}` };
  const responses = new Map(operations()).get('post /purchase')?.responses;
  const expectRefused = async (sku: string, code: string): Promise<void> => {
    const body = JSON.stringify({ item: sku });
    const reply = await exchange(server.url, 'POST', '/purchase', headers, body);
    api.expectDocumented('post', '/purchase', reply);
    const { examples } = responses?.[reply.status]?.content['application/problem+json'] ?? {};
    const { value } = (examples as Record<string, { value: { error: string } }>)[code] ?? {};
    expect(reply.body).toMatchObject({ code, error: value?.error });
  };
  await expectRefused('nope', 'unknown_item');
  await expectRefused('gold_coin', 'insufficient_funds');
  const credit = { amount: 1, reason: 'BONUS' };
  await server.post('/v1/players/buyer/credits', credit, { 'idempotency-key': 'k' });
  const of = { user: 'buyer', request_uuid: randomUUID(), currency: 'USD' };
  const bet = randomUUID();
  await server.ask('/transaction/bet', { ...of, transaction_uuid: bet, amount: 1 });
  await server.ask('/transaction/win', {
    ...of,
    transaction_uuid: randomUUID(),
    reference_transaction_uuid: bet,
    amount: Number.MAX_SAFE_INTEGER,
  });
  await expectRefused('pack', 'balance_limit_exceeded');
});

test('every problem code has an example, and a status that is its own', () => {
  const codes = new Map<string, string>();
  for (const [, { responses }] of operations()) {
    for (const [status, { content }] of Object.entries(responses)) {
      const { examples = {} } = content['application/problem+json'] ?? {};
      for (const code of Object.keys(examples)) {
        expect(codes.get(code) ?? status).toBe(status);
        codes.set(code, status);
      }
    }
  }
  const components = api.document['components'] as { schemas: { Problem: { properties: object } } };
  const { code } = components.schemas.Problem.properties as { code: { enum: string[] } };
  expect([...codes.keys()].sort()).toEqual([...code.enum].sort());
});

test('the documentation can be read in a browser, without the network', async () => {
  const page = await fetch(`${server.url}/docs/`);
  expect(page.status).toBe(200);
  expect(page.headers.get('content-type')).toContain('text/html');
  const html = await page.text();
  for (const [, address = ''] of html.matchAll(/(?:src|href)="([^"]+)"/g)) {
    expect(address).not.toMatch(/^https?:|^\/\//);
    expect((await fetch(new URL(address, `${server.url}/docs/`))).status, address).toBe(200);
  }
});

test.each(['..', '%2e%2e', '..%2f..'])(
  'beside the pages of the documentation is nothing: %s',
  async (step) => {
    const path = `/docs/static/${step}/${step}/package.json`;
    const { status, body } = await exchange(server.url, 'GET', path);
    expect([status, (body as { code?: string }).code]).toEqual([404, 'not_found']);
    expect(server.said()).not.toContain('the request failed');
  },
);
