import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { processFamilies } from '../dist/server/metrics/process.js';
import { sharedDirectory } from './support/directory.js';
import { type Server, serve } from './support/server.js';
import { bet } from './support/wallet-cases.js';

let server: Server;

beforeAll(async () => {
  server = await serve(['--data', sharedDirectory()]);
  await server.ask('/users', { users: ['alice', 'a/b ü', '__proto__'] });
});

afterAll(() => server.kill());

function put(path: string, text: string, headers = {}): Promise<Response> {
  return server.send(`/v1/players/${path}`, text, headers, 'PUT');
}

async function get(id: string): Promise<Response> {
  return fetch(`${server.url}/v1/players/${encodeURIComponent(id)}`);
}

test.each(['alice', 'a/b ü', '__proto__'])('GET shows the player %s', async (id) => {
  const response = await get(id);
  const player = (await response.json()) as Record<string, unknown>;
  expect(player).toMatchObject({ player_id: id, balance: 100_000, status: 'ACTIVE' });
  expect(response.headers.get('etag')).toBe(`"${player['version']}"`);
});

test.each(['nobody', 'constructor', 'x'.repeat(255), 'x'.repeat(2000), 'x'.repeat(9000)])(
  'there is no player %s',
  async (id) => {
    const response = await get(id);
    expect(response.status).toBe(404);
    expect(response.headers.get('content-type')).toBe('application/problem+json');
  },
);

test("nobody is made under a name that means a token's own player, or another path", async () => {
  const users = ['me', 'mei', '.', '..'];
  expect(await server.ask('/users', { users })).toEqual({ created: 1 });
  expect((await get('me')).status).toBe(404);
  expect((await get('mei')).status).toBe(200);
});

test('a disabled player cannot bet, and can when enabled again', async () => {
  expect(await (await put('alice/status', '{"status":"DISABLED"}')).json()).toMatchObject({
    status: 'DISABLED',
  });
  const refused = await server.ask('/transaction/bet', bet('alice', 1));
  expect(refused).toMatchObject({ status: 'RS_ERROR_USER_DISABLED' });
  await put('alice/status', '{"status":"ACTIVE"}');
  expect(await server.ask('/transaction/bet', bet('alice', 1))).toMatchObject({ status: 'RS_OK' });
});

test('a limit stops larger bets until it is cleared', async () => {
  await put('alice/limits', '{"max_bet":5}');
  expect(await server.ask('/transaction/bet', bet('alice', 6))).toMatchObject({
    status: 'RS_ERROR_LIMIT_REACHED',
  });
  await put('alice/limits', '{"max_bet":null}');
  expect(await server.ask('/transaction/bet', bet('alice', 6))).toMatchObject({ status: 'RS_OK' });
});

test.each([
  ['status', { status: 'DISABLED' }],
  ['limits', { limits: { max_bet: 7 } }],
])('%s is set at the expected version alone', async (resource, wanted) => {
  const before = await (await get('alice')).json();
  const { version } = before as { readonly version: number };
  const text = JSON.stringify('limits' in wanted ? wanted.limits : wanted);
  const stale = await put(`alice/${resource}`, text, { 'if-match': `"${version - 1}"` });
  expect(stale.status).toBe(412);
  expect(stale.headers.get('etag')).toBe(`"${version}"`);
  expect(await stale.json()).toMatchObject({ code: 'version_mismatch', version });
  expect(await (await get('alice')).json()).toEqual(before);
  const set = await put(`alice/${resource}`, text, { 'if-match': `"${version}"` });
  expect(await set.json()).toMatchObject({ ...wanted, version: version + 1 });
  // What stands already is refused too: it was not set at the version that was expected.
  expect((await put(`alice/${resource}`, text, { 'if-match': `"${version}"` })).status).toBe(412);
  expect((await put('alice/status', '{"status":"ACTIVE"}')).status).toBe(200);
  expect((await put('alice/limits', '{}')).status).toBe(200);
});

test('a version beyond all numbers is expected in vain', async () => {
  const headers = { 'if-match': '9999999999999999' };
  expect((await put('alice/status', '{"status":"ACTIVE"}', headers)).status).toBe(412);
  const many = Array.from({ length: 1_200 }, (_, index) => `"${100_000 + index}"`);
  const listed = { 'if-match': many.join() };
  expect((await put('alice/limits', '{}', listed)).status).toBe(412);
});

test('of settings that race at one version one is made', async () => {
  const { version } = (await (await get('alice')).json()) as { readonly version: number };
  const headers = { 'if-match': `"${version}"` };
  const all = Array.from({ length: 20 }, (_, index) => {
    return put('alice/limits', `{"max_bet":${1_000 + index}}`, headers);
  });
  const statuses = (await Promise.all(all)).map(({ status }) => status);
  expect(statuses.filter((status) => status === 200)).toHaveLength(1);
  expect(statuses.filter((status) => status === 412)).toHaveLength(19);
  await put('alice/limits', '{}');
});

test('an unknown player has no version to expect', async () => {
  const asked = await put('nobody/status', '{"status":"ACTIVE"}', { 'if-match': '"1"' });
  expect(asked.status).toBe(404);
});

describe('bodies that are refused name the member', () => {
  test.each([
    ['status', '{}', '/status'],
    ['status', '{"status":"GONE"}', '/status'],
    ['status', '{"status":"ACTIVE","a/b~c":1}', '/a~1b~0c'],
    ['limits', '{"max_bet":"5"}', '/max_bet'],
    ['limits', '{"max_bet":-1}', '/max_bet'],
    ['limits', '{"max_bet":1.5}', '/max_bet'],
    ['limits', '{"max_bet":1.00000000000000000001}', '/max_bet'],
    ['limits', '{"max_bet":9007199254740993}', '/max_bet'],
    ['limits', '{"max_loss":1}', '/max_loss'],
    ['limits', '{"__proto__":{"max_bet":1}}', '/__proto__'],
  ])('%s %s', async (resource, text, pointer) => {
    const response = await put(`alice/${resource}`, text);
    expect(response.status).toBe(422);
    const errors = [{ pointer, detail: expect.any(String) }];
    expect(await response.json()).toMatchObject({ code: 'validation_failed', errors });
  });

  test('a member that may be null is told so', async () => {
    const { errors } = (await (await put('alice/limits', '{"max_bet":"5"}')).json()) as {
      errors: unknown;
    };
    expect(errors).toEqual([{ pointer: '/max_bet', detail: 'must be integer or null' }]);
  });

  test.each(['[]', 'null', '"ACTIVE"', ''])('%s is no object', async (text) => {
    const response = await put('alice/status', text);
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ code: 'malformed_request' });
  });
});

test('an id that is not percent-encoded UTF-8 is refused', async () => {
  expect((await fetch(`${server.url}/v1/players/%ff`)).status).toBe(400);
});

test('metrics count the answers by method, route and status, and show the partitions', async () => {
  await server.post('/transaction/rollback', []);
  await server.post('/transaction/rollback', {});
  await server.post('/transactions/rollback', {});
  for (const method of ['GET', 'HEAD'])
    await fetch(`${server.url}/v1/players/x/orders`, { method });
  await server.post('/v1/players/x/orders', {});
  const response = await fetch(`${server.url}/metrics`);
  expect(response.headers.get('content-type')).toContain('text/plain; version=0.0.4');
  const text = await response.text();
  for (const line of [
    'purser_up 1',
    'purser_http_requests_total{method="POST",route="/transaction/rollback",status="200"} 1',
    'purser_http_requests_total{method="POST",route="/transaction/rollback",status="400"} 1',
    'purser_http_request_duration_seconds_bucket{method="POST",route="/transaction/rollback",le="+Inf"} 2',
    'purser_http_request_duration_seconds_count{method="POST",route="/transaction/rollback"} 2',
    'purser_http_requests_total{method="none",route="none",status="404"} 1',
    'purser_http_request_duration_seconds_count{method="none",route="none"} 1',
    'purser_http_requests_total{method="GET",route="/v1/players/:id/orders",status="404"} 2',
    'purser_http_requests_total{method="POST",route="/v1/players/:id/orders",status="400"} 1',
    'purser_partition_state{partition="0",state="serving"} 1',
    'purser_partition_restarts_total{partition="0"} 0',
  ]) {
    expect(text.split('\n')).toContain(line);
  }
  expect(text).toMatch(/^process_resident_memory_bytes \d+$/m);
});

test('the metrics tell how busy the main thread was since they were asked for last', async () => {
  const busy = (): unknown => {
    const name = 'nodejs_eventloop_utilization';
    return processFamilies().find((family) => family.name === name)?.samples[0]?.value;
  };
  await wait(100);
  busy();
  for (let until = performance.now() + 50; performance.now() < until; );
  expect(busy()).toBeGreaterThan(0.99);
});

test('metrics show every system account, exact and below zero', async () => {
  const treasury = await (await fetch(`${server.url}/v1/treasury`)).json();
  const { players: _, ...accounts } = (treasury as { accounts: Record<string, string> }).accounts;
  const text = await (await fetch(`${server.url}/metrics`)).text();
  const lines = [...text.matchAll(/^purser_account_minor_units\{account="(\w+)"\} (-?\d+)$/gm)];
  expect(Object.fromEntries(lines.map(([, name, value]) => [name, value]))).toEqual(accounts);
  expect(BigInt(accounts['issuance'] ?? 0)).toBeLessThan(0n);
});
