import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sharedDirectory } from './support/directory.js';
import { at, exchange, type Json, type Reply } from './support/exchange.js';
import { type OpenApi, openApiOf } from './support/openapi.js';
import { type Server, serve } from './support/server.js';

let server: Server;
let api: OpenApi;
let keys = 0;

const json = { 'content-type': 'application/json' };

beforeAll(async () => {
  server = await serve(['--data', sharedDirectory(), '--partitions', '2']);
  api = await openApiOf(server.url);
  await server.post('/v1/players', { player_id: 'p', initial_balance: 100_000 });
});

afterAll(() => server.kill());

/** Sends a body as it is, and looks the answer up in the OpenAPI document. */
async function send(
  line: string,
  headers: Record<string, string> = {},
  body?: string,
): Promise<Reply> {
  const [method = '', path = ''] = line.split(' ');
  const reply = await exchange(server.url, method, path, headers, body);
  api.expectDocumented(method, path.split('?')[0] ?? '', reply);
  return reply;
}

function post(path: string, headers: Record<string, string>, body?: string): Promise<Reply> {
  const key = { 'idempotency-key': `key-${++keys}` };
  return send(`POST /v1/players/p/${path}`, { ...key, ...headers }, body);
}

async function made(path: string, body: Json, id: string): Promise<string> {
  return String(at((await post(path, json, JSON.stringify(body))).body, id));
}

const lines = [{ sku: 'gold_coin', quantity: 1 }];
const pending = () => made('orders', { lines }, 'order_id');
const bought = () => made('orders', { lines, complete: true }, 'order_id');
const spent = () => made('spends', { amount: 5 }, 'transaction_id');

describe('a body whose members are all optional', () => {
  const routes = [
    ['complete', async () => `orders/${await pending()}/complete`, 200],
    ['cancel', async () => `orders/${await pending()}/cancel`, 200],
    ['refund of an order', async () => `orders/${await bought()}/refunds`, 201],
    ['refund of a spend', async () => `spends/${await spent()}/refunds`, 201],
  ] as const;

  describe.each(routes)('%s', (_what, open, status) => {
    test.each([
      ['absent', {}, undefined],
      ['absent, of type JSON', json, undefined],
      ['empty', { 'content-length': '0' }, ''],
      ['empty, of type JSON', { ...json, 'content-length': '0' }, ''],
      ['empty, of unknown length', { ...json, 'transfer-encoding': 'chunked' }, ''],
      ['empty msgpack', { 'content-type': 'application/msgpack' }, ''],
      ['{}', json, '{}'],
    ])('may be %s', async (_form, headers, body) => {
      expect((await post(await open(), headers, body)).status).toBe(status);
    });

    test.each(['null', '[]', ' ', '{'])('is not %j', async (body) => {
      const refused = await post(await open(), json, body);
      expect(refused).toMatchObject({ status: 400, body: { code: 'malformed_request' } });
    });
  });

  test('is the same request absent, empty and as {}', async () => {
    const [path, key] = [await spent(), { 'idempotency-key': 'one' }];
    const first = await post(`spends/${path}/refunds`, key);
    for (const body of [undefined, '', '{}']) {
      const again = await post(`spends/${path}/refunds`, { ...json, ...key }, body);
      expect(again.headers['idempotent-replayed']).toBe('true');
      expect(again.body).toEqual(first.body);
    }
  });

  test.each(['POST orders', 'POST spends', 'PUT limits', 'PUT status'])(
    'others are not: %s',
    async (line) => {
      const [method, path] = line.split(' ');
      for (const headers of [{}, json]) {
        const key = { 'idempotency-key': `key-${++keys}` };
        const refused = await send(`${method} /v1/players/p/${path}`, { ...headers, ...key });
        expect(refused).toMatchObject({ status: 400, body: { code: 'malformed_request' } });
      }
    },
  );
});

describe('the catalogue', () => {
  const put = (sku: string, headers: Record<string, string> = {}, price = 1) => {
    const body = JSON.stringify({ name: sku, kind: 'consumable', price });
    return send(`PUT /v1/items/${sku}`, { ...json, ...headers }, body);
  };
  const list = async (query: string): Promise<{ skus: Json[]; next: Json }> => {
    const { status, body } = await send(`GET /v1/items?${query}`);
    expect(status).toBe(200);
    const items = at(body, 'data') as readonly Json[];
    return { skus: items.map((item) => at(item, 'sku')), next: at(body, 'next_cursor') };
  };

  test('is listed by sku, in pages that go on where the last one ended', async () => {
    for (const sku of ['b', 'B', 'd', 'a.1', 'c']) await put(sku);
    const sorted = ['B', 'a.1', 'b', 'c', 'd', 'gold_coin', 'treasure_box'];
    expect(await list('')).toEqual({ skus: sorted, next: null });
    expect(await list('limit=7')).toEqual({ skus: sorted, next: null });
    const first = await list('limit=3');
    expect(first.skus).toEqual(sorted.slice(0, 3));
    await put('a.2');
    await put('b', { 'if-match': '"1"' }, 2);
    await put('bb');
    const second = await list(`limit=3&cursor=${first.next}`);
    expect(second.skus).toEqual(['bb', 'c', 'd']);
    const last = await list(`limit=200&cursor=${second.next}`);
    expect(last).toEqual({ skus: ['gold_coin', 'treasure_box'], next: null });
  });

  test('takes no cursor but its own, and no member that it does not know', async () => {
    const own = String((await list('limit=1')).next);
    await made('spends', { amount: 1 }, 'transaction_id');
    await made('spends', { amount: 1 }, 'transaction_id');
    const { body } = await send('GET /v1/players/p/transactions?limit=1');
    for (const cursor of ['', 'x', 'x'.repeat(600), `${own}A`, String(at(body, 'next_cursor'))]) {
      const refused = await send(`GET /v1/items?cursor=${cursor}`);
      expect(refused).toMatchObject({ status: 400, body: { code: 'invalid_cursor' } });
    }
    for (const query of ['limit=0', 'limit=201', 'limit=x', 'offset=1']) {
      const refused = await send(`GET /v1/items?${query}`);
      expect(refused).toMatchObject({ status: 422, body: { code: 'validation_failed' } });
    }
    const { body: tooMuch } = await send('GET /v1/items?limit=500');
    expect(at(tooMuch, 'title')).toBe('The request is not valid');
    expect(at(tooMuch, 'errors')).toEqual([
      { pointer: '/limit', detail: 'must be a whole number from 1 to 200' },
    ]);
  });
});

describe('If-Match', () => {
  const ask = async (tags: string): Promise<Reply> => {
    const { headers } = await send('GET /v1/players/p');
    const named = tags.replaceAll('NOW', headers.etag ?? '');
    return post('spends', { ...json, 'if-match': named }, '{"amount":1}');
  };

  test.each([
    'NOW',
    '*',
    ' * ',
    '"abc", NOW',
    'NOW,"abc"',
    '"1","2" , ,NOW',
    ', NOW ,',
    '"a,b", W/"x", NOW',
    '"", NOW',
    '"\u00e9", NOW',
  ])('%s names the version of now', async (tags) => {
    expect((await ask(tags)).status).toBe(201);
  });

  test.each([
    '"abc"',
    '""',
    'W/NOW',
    'W/NOW, "abc"',
    '"1", "99999999"',
    '"99999999999999999999"',
    '"1e3"',
    '"NaN"',
  ])('%s names another one', async (tags) => {
    const refused = await ask(tags);
    expect(refused).toMatchObject({ status: 412, body: { code: 'version_mismatch' } });
    expect(refused.headers.etag).toBe(`"${at(refused.body, 'version')}"`);
  });

  test.each(['abc', '"abc', '"a" "b"', '"a"b', 'W/', 'w/"1"', '*, "1"', '"1", *', ',', '', '1, 2'])(
    '%j is no list of tags',
    async (tags) => {
      const refused = await ask(tags);
      expect(refused).toMatchObject({ status: 400, body: { code: 'malformed_request' } });
    },
  );

  test('holds for settings likewise', async () => {
    const set = (tags: string) =>
      send('PUT /v1/players/p/status', { ...json, 'if-match': tags }, '{"status":"ACTIVE"}');
    const { headers } = await send('GET /v1/players/p');
    expect((await set(`"abc", ${headers.etag}`)).status).toBe(200);
    expect((await set('*')).status).toBe(200);
    expect((await set(`W/${headers.etag}`)).status).toBe(412);
    expect((await set('abc')).status).toBe(400);
  });
});

describe('a condition of the catalogue', () => {
  const put = (sku: string, headers: Record<string, string>, price = 1) => {
    const body = JSON.stringify({ name: sku, kind: 'consumable', price });
    return send(`PUT /v1/items/${sku}`, { ...json, ...headers }, body);
  };
  const mismatch = { status: 412, body: { code: 'version_mismatch' } };

  test('If-Match: * wants an item that is there', async () => {
    expect(await put('new-1', { 'if-match': '*' })).toMatchObject(mismatch);
    expect((await send('GET /v1/items/new-1')).status).toBe(404);
    expect((await put('new-1', {})).status).toBe(201);
    const changed = await put('new-1', { 'if-match': '*' }, 2);
    expect(changed).toMatchObject({ status: 200, body: { version: 2, price: 2 } });
    expect((await put('gold_coin', { 'if-match': '*' }, 11)).status).toBe(200);
  });

  test('If-None-Match: * wants one that is not', async () => {
    expect((await put('new-2', { 'if-none-match': '*' })).status).toBe(201);
    expect(await put('new-2', { 'if-none-match': '*' }, 2)).toMatchObject(mismatch);
    expect((await put('new-2', { 'if-none-match': '"1"' }, 2)).status).toBe(400);
  });

  test('is one of several versions', async () => {
    expect((await put('new-3', {})).status).toBe(201);
    expect(await put('new-3', { 'if-match': '"2", W/"1"' }, 2)).toMatchObject(mismatch);
    expect((await put('new-3', { 'if-match': '"abc", "1"' }, 2)).status).toBe(200);
    expect(await put('new-4', { 'if-match': '"abc"' })).toMatchObject(mismatch);
    expect(await put('new-3', {}, 3)).toMatchObject({ status: 428 });
  });
});
