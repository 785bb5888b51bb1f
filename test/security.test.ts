import { createHmac, generateKeyPairSync, sign } from 'node:crypto';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newDirectory, sharedDirectory } from './support/directory.js';
import { run, type Server, serve } from './support/server.js';

const SECRET = 'a secret of the tests that has more than 32 bytes';
const keys = {
  all: 'key-of-admin-1',
  wallet: 'key-of-wallet',
  credits: 'key-of-credits',
  orders: 'key-of-orders',
};
const environment = {
  JWT_SECRET: SECRET,
  PURSER_SELF_TOPUP: 'true',
  PURSER_API_KEYS: `${keys.all}:admin,${keys.wallet}:wallet,${keys.credits}:credits,${keys.orders}:orders`,
  FRONTEND_URL: 'https://shop.example,http://localhost:3000',
};
const PASSWORD = 'correct horse battery';

let server: Server;
let token: string;

beforeAll(async () => {
  server = await serve(['--data', sharedDirectory(), '--log', 'info'], environment);
  for (const username of ['ann', 'ben']) {
    await server.post('/signup', { username, password: PASSWORD });
  }
  token = await login(server, 'ann');
});

afterAll(() => server.kill());

async function login(at: Server, username: string): Promise<string> {
  const response = await at.post('/login', { username, password: PASSWORD });
  return ((await response.json()) as { token: string }).token;
}

interface Told {
  readonly status: number;
  readonly code?: string;
}

async function ask(method: string, path: string, bearer: string, body?: unknown): Promise<Told> {
  const response = await fetch(`${server.url}${path}`, {
    method,
    headers: {
      'content-type': 'application/json',
      'idempotency-key': `key-${Math.random()}`,
      ...(bearer !== '' && { authorization: `Bearer ${bearer}` }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  const { code } = text.startsWith('{') ? (JSON.parse(text) as { code?: string }) : {};
  return code === undefined ? { status: response.status } : { status: response.status, code };
}

function part(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

function jwt(header: object, claims: object, seal: (text: string) => string): string {
  const text = `${part(header)}.${part(claims)}`;
  return `${text}.${seal(text)}`;
}

const hs256 = (secret: string) => (text: string) =>
  createHmac('sha256', secret).update(text).digest('base64url');
const now = () => Math.floor(Date.now() / 1000);
const claims = () => ({ sub: 'ann', iat: now(), exp: now() + 3_600, jti: 'x' });
const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });

describe('a token that is not ours opens nothing', () => {
  test.each([
    ['no algorithm', () => jwt({ alg: 'none', typ: 'JWT' }, claims(), () => '')],
    [
      'another algorithm with the same secret',
      () => {
        const seal = (text: string) =>
          createHmac('sha512', SECRET).update(text).digest('base64url');
        return jwt({ alg: 'HS512', typ: 'JWT' }, claims(), seal);
      },
    ],
    [
      'an RSA signature',
      () => {
        const seal = (text: string) =>
          sign('sha256', Buffer.from(text), privateKey).toString('base64url');
        return jwt({ alg: 'RS256', typ: 'JWT' }, claims(), seal);
      },
    ],
    [
      'an extension that nobody here understands',
      () => jwt({ alg: 'HS256', crit: ['mfa'], mfa: 'required' }, claims(), hs256(SECRET)),
    ],
    ['another secret', () => jwt({ alg: 'HS256' }, claims(), hs256('x'.repeat(48)))],
    ['expired', () => jwt({ alg: 'HS256' }, { ...claims(), exp: now() - 10 }, hs256(SECRET))],
    ['no end', () => jwt({ alg: 'HS256' }, { sub: 'ann', iat: now() }, hs256(SECRET))],
    ['no player', () => jwt({ alg: 'HS256' }, { iat: now(), exp: now() + 60 }, hs256(SECRET))],
    ['changed claims', () => token.replace(/\.[^.]+\./, `.${part({ ...claims(), sub: 'ben' })}.`)],
    ['cut off', () => token.slice(0, -4)],
    ['nothing in it', () => '..'],
  ])('%s', async (_, make) => {
    expect(await ask('GET', '/balance', make())).toMatchObject({
      status: 401,
      code: 'invalid_token',
    });
    expect(await ask('GET', '/v1/players/ann', make())).toMatchObject({ status: 401 });
  });

  test('one that is made right is let in: the others failed for what they are', async () => {
    const good = jwt({ alg: 'HS256', typ: 'JWT' }, claims(), hs256(SECRET));
    expect(await ask('GET', '/balance', good)).toEqual({ status: 200 });
  });
});

describe('a player reaches what is the player’s own, and mints nothing', () => {
  test.each([
    ['GET', '/v1/players/ben', undefined],
    ['GET', '/v1/players/ben/transactions', undefined],
    ['GET', '/v1/players/ben/orders', undefined],
    ['GET', '/v1/players/ben/entitlements', undefined],
    ['POST', '/v1/players/ben/spends', { amount: 1 }],
    ['POST', '/v1/players/ben/transfers', { to: 'ann', amount: 1 }],
    ['POST', '/v1/players/ben/orders', { lines: [{ sku: 'gold_coin', quantity: 1 }] }],
    ['POST', '/v1/players/ben/payments', { provider: 'testpsp', amount: 1 }],
    ['GET', '/v1/players/nobody', undefined],
  ])('%s %s is not there', async (method, path, body) => {
    expect(await ask(method, path, token, body)).toEqual({ status: 404, code: 'player_not_found' });
  });

  test.each([
    ['POST', '/v1/players', { player_id: 'new' }],
    ['POST', '/v1/players/me/credits', { amount: 1, reason: 'BONUS' }],
    ['POST', '/v1/players/me/spends/tx_1/refunds', {}],
    ['POST', '/v1/players/me/orders/ord_1/refunds', {}],
    ['POST', '/v1/players/me/entitlements/ent_1/revoke', {}],
    ['PUT', '/v1/players/me/status', { status: 'ACTIVE' }],
    ['PUT', '/v1/players/me/limits', {}],
    ['PUT', '/v1/items/gold_coin', { name: 'x', kind: 'consumable', price: 0 }],
    ['GET', '/v1/treasury', undefined],
    ['GET', '/v1/audit', undefined],
  ])('%s %s is forbidden', async (method, path, body) => {
    expect(await ask(method, path, token, body)).toEqual({ status: 403, code: 'forbidden' });
  });

  test.each(['me', 'ann'])('and %s is the own name', async (id) => {
    expect(await ask('GET', `/v1/players/${id}`, token)).toEqual({ status: 200 });
    expect(await ask('GET', `/v1/players/${id}/transactions`, token)).toEqual({ status: 200 });
  });

  test.each(['/transaction/bet', '/user/balance', '/users', '/transactions'])(
    'a token opens no %s',
    async (path) => {
      expect(await ask('POST', path, token, {})).toMatchObject({ status: 401 });
    },
  );
});

describe('a key opens what its scopes say', () => {
  test.each([
    [keys.wallet, 'POST', '/v1/players/ann/credits', { amount: 1, reason: 'BONUS' }],
    [keys.wallet, 'GET', '/v1/players/ann/orders', undefined],
    [keys.credits, 'PUT', '/v1/players/ann/status', { status: 'ACTIVE' }],
    [keys.credits, 'POST', '/transaction/bet', {}],
    [keys.orders, 'POST', '/v1/players/ann/spends', { amount: 1 }],
    [keys.orders, 'POST', '/v1/players/ann/entitlements/ent_1/revoke', {}],
    [keys.orders, 'POST', '/v1/players/ann/orders/ord_1/refunds', { revoke: 'force' }],
    [keys.orders, 'GET', '/v1/audit', undefined],
    [keys.credits, 'PUT', '/v1/items/x', { name: 'x', kind: 'durable', price: 1 }],
  ])('%s may not %s %s', async (key, method, path, body) => {
    expect(await ask(method, path, key, body)).toEqual({ status: 403, code: 'forbidden' });
  });

  test.each([
    [keys.credits, 'POST', '/v1/players/ann/credits', { amount: 1, reason: 'BONUS' }, 201],
    [keys.wallet, 'GET', '/v1/players/ann', undefined, 200],
    [keys.orders, 'GET', '/v1/players/ann/orders', undefined, 200],
    [keys.all, 'GET', '/v1/audit', undefined, 200],
    [keys.all, 'POST', '/v1/players/ann/credits', { amount: 1, reason: 'BONUS' }, 201],
  ])('%s may %s %s', async (key, method, path, body, status) => {
    expect(await ask(method, path, key, body)).toEqual({ status });
  });

  test.each(['', 'no-such-key'])('without one (%j) nothing opens', async (key) => {
    expect((await ask('GET', '/v1/players/ann', key)).status).toBe(401);
    expect((await ask('GET', '/metrics', key)).status).toBe(401);
    expect(await ask('GET', '/v1/items', key)).toEqual({ status: 200 });
    expect(await ask('GET', '/health', key)).toEqual({ status: 200 });
  });
});

test.each([`${keys.all} ${keys.all}`, 'two words'])(
  '%j is no credential at any door',
  async (text) => {
    for (const [method, path] of [
      ['GET', '/v1/players/ann'],
      ['POST', '/users'],
    ] as const) {
      expect(await ask(method, path, text, method === 'POST' ? {} : undefined)).toEqual({
        status: 401,
        code: 'unauthenticated',
      });
    }
  },
);

test('a disabled player gets no token and spends nothing', async () => {
  await server.post('/signup', { username: 'cat', password: PASSWORD });
  const own = await login(server, 'cat');
  await ask('PUT', '/v1/players/cat/status', keys.wallet, { status: 'DISABLED' });
  expect((await server.post('/login', { username: 'cat', password: PASSWORD })).status).toBe(403);
  const spend = await ask('POST', '/v1/players/me/spends', own, { amount: 1 });
  expect(spend).toEqual({ status: 403, code: 'account_disabled' });
  expect(await ask('POST', '/top-up', own, { amount: 1 })).toMatchObject({ status: 403 });
});

test('a login tells the same of a wrong name and a wrong password', async () => {
  const bodies = [
    { username: 'nobody', password: PASSWORD },
    { username: 'ann', password: 'something else' },
  ];
  const [first, second] = await Promise.all(
    bodies.map(async (body) => (await server.post('/login', body)).text()),
  );
  expect(first).toBe(second);
});

test.each([
  '/v1/players/me/spends',
  '/v1/players/me/transfers',
  '/v1/players/me/orders',
  '/v1/players/me/payments',
  '/top-up',
  '/purchase',
])('of a player %s takes no more than 16 KiB', async (path) => {
  const longer = { more: 'x'.repeat(16_384) };
  expect(await ask('POST', path, token, longer)).toEqual({
    status: 413,
    code: 'payload_too_large',
  });
  const least = { more: 'x'.repeat(16_000) };
  expect(await ask('POST', path, token, least)).toMatchObject({ status: 422 });
});

test.each(['/signup', '/login', '/signin'])('%s takes no more than 16 KiB', async (path) => {
  const body = { username: 'ann', password: 'x', more: 'x'.repeat(16_384) };
  expect(await ask('POST', path, '', body)).toMatchObject({
    status: 413,
    code: 'payload_too_large',
  });
  const least = { ...body, password: '', more: 'x'.repeat(16_000) };
  expect(await ask('POST', path, '', least)).toMatchObject({ status: 422 });
});

test('logins from one address are limited, and it is said when to come again', async () => {
  const limited = await serve(['--data', newDirectory(), '--login-rate', '3'], environment);
  const statuses: number[] = [];
  for (let i = 0; i < 5; i++) {
    const response = await limited.post('/login', { username: 'ann', password: 'x' });
    statuses.push(response.status);
    if (response.status === 429) {
      expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0);
      expect(await response.json()).toMatchObject({
        code: 'rate_limited',
        error: expect.any(String),
      });
    }
  }
  expect(statuses).toEqual([401, 401, 401, 429, 429]);
  await limited.kill();
});

test('behind a trusted proxy everybody has an address of their own', async () => {
  const args = ['--data', newDirectory(), '--login-rate', '1'];
  const statusesOf = async (server: Server): Promise<number[]> => {
    const statuses: number[] = [];
    // The proxy appends whom it heard; what stands before that anybody may have written.
    for (const heard of [
      '203.0.113.7',
      '203.0.113.8',
      '198.51.100.1, 203.0.113.8',
      'x, 203.0.113.8',
      '203.0.113.8:1024',
      '203.0.113.8:1025',
      '[2001:db8::1]:1026',
      '2001:db8::1',
    ]) {
      const headers = { 'x-forwarded-for': heard };
      const { status } = await server.post('/login', { username: 'ann', password: 'x' }, headers);
      statuses.push(status);
    }
    return statuses;
  };
  const behind = await serve([...args, '--trusted-proxies', '10.0.0.0/8, loopback'], environment);
  expect(await statusesOf(behind)).toEqual([401, 401, 429, 429, 429, 429, 401, 429]);
  await behind.kill();
  const elsewhere = await serve([...args, '--trusted-proxies', '192.0.2.1'], environment);
  expect(await statusesOf(elsewhere)).toEqual([401, 429, 429, 429, 429, 429, 429, 429]);
  await elsewhere.kill();
});

test('of more passwords than are hashed in some seconds the rest is refused at once', async () => {
  const flooded = await serve(['--data', newDirectory(), '--login-rate', '0']);
  const logins = Array.from({ length: 200 }, () => {
    return flooded.post('/login', { username: 'nobody', password: PASSWORD });
  });
  const refused = logins.map(async (login) => {
    const { status, headers } = await login;
    if (status !== 503) throw new Error(`${status}`);
    return headers.get('retry-after');
  });
  expect(await Promise.any(refused)).toBe('1');
  await flooded.kill();
  await Promise.allSettled(refused);
});

test('pages of the named origins may call, and no others', async () => {
  const preflight = (origin: string) =>
    fetch(`${server.url}/v1/players/me/spends`, {
      method: 'OPTIONS',
      headers: {
        origin,
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'authorization,idempotency-key,if-match,content-type',
      },
    });
  const good = await preflight('https://shop.example');
  expect(good.headers.get('access-control-allow-origin')).toBe('https://shop.example');
  expect(good.headers.get('access-control-allow-headers')).toMatch(/Idempotency-Key.*If-Match/);
  const bad = await preflight('https://evil.example');
  expect(bad.headers.get('access-control-allow-origin')).toBeNull();
});

test('OPTIONS that is no preflight is no error of another form', async () => {
  const { status } = await fetch(`${server.url}/v1/items`, { method: 'OPTIONS' });
  expect(status).toBe(204);
});

describe('the forms of an Idempotency-Key', () => {
  const spend = (headers: Record<string, string>, amount = 1) =>
    server.send('/v1/players/ann/credits', JSON.stringify({ amount, reason: 'BONUS' }), {
      authorization: `Bearer ${keys.credits}`,
      ...headers,
    });

  test.each(['', '   ', 'x'.repeat(256), 'a b', '"a b"', '"open', 'tab\tkey'])(
    '%j is none',
    async (key) => {
      const response = await spend({ 'idempotency-key': key });
      expect(response.status).toBe(400);
      expect(await response.json()).toMatchObject({
        code: expect.stringMatching(/^idempotency_key_/),
      });
    },
  );

  test('bare and quoted are one key', async () => {
    expect((await spend({ 'idempotency-key': 'form-1' })).status).toBe(201);
    const again = await spend({ 'idempotency-key': '"form-1"' });
    expect(again.headers.get('idempotent-replayed')).toBe('true');
    expect((await spend({ 'idempotency-key': 'form-1' }, 2)).status).toBe(422);
  });
});

test('secrets are in no log, and requests are there with their ids', async () => {
  const bad = await fetch(`${server.url}/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: `{"username":"ann","password":"${PASSWORD}`,
  });
  expect(bad.status).toBe(400);
  const said = server.said();
  expect(said).toMatch(/"reqId":"req-/);
  for (const secret of [SECRET, PASSWORD, token, ...Object.values(keys)]) {
    expect(said).not.toContain(secret);
  }
});

test.each([
  ['/purchase', { item: 'gold_coin' }],
  ['/top-up', { amount: 1 }],
])('%s is refused at another version of the player', async (path, body) => {
  const headers = { authorization: `Bearer ${token}`, 'if-match': '"999"' };
  const response = await server.post(path, body, headers);
  expect(response.status).toBe(412);
  expect(await response.json()).toMatchObject({ code: 'version_mismatch' });
});

test('a key may look like a token', async () => {
  const open = await serve(['--data', newDirectory()], { PURSER_API_KEYS: 'a.b.c:admin' });
  const headers = { authorization: 'Bearer a.b.c' };
  expect((await open.post('/v1/players', { player_id: 'ann' }, headers)).status).toBe(201);
  await open.kill();
});

test('the data directory and its secret are for their owner alone', async () => {
  const directory = newDirectory();
  const open = await serve(['--data', directory]);
  expect(statSync(directory).mode & 0o777).toBe(0o700);
  expect(statSync(join(directory, 'jwt-secret')).mode & 0o777).toBe(0o600);
  await open.post('/signup', { username: 'ann', password: PASSWORD });
  const own = await login(open, 'ann');
  await open.kill();
  const again = await serve(['--data', directory]);
  const headers = { authorization: `Bearer ${own}` };
  expect((await fetch(`${again.url}/balance`, { headers })).status).toBe(200);
  await again.kill();
  const exported = run('export', '--data', directory, '--format', 'ndjson');
  expect(exported.out).toContain('"kind":"signup"');
  expect(exported.out).not.toMatch(/hash|salt|credential/);
});

test.each([
  [{ JWT_SECRET: 'short' }, 'JWT_SECRET'],
  [{ FRONTEND_URL: 'shop' }, 'FRONTEND_URL'],
  [{ PURSER_SELF_TOPUP: 'maybe' }, 'PURSER_SELF_TOPUP'],
  [{ PURSER_WEBHOOK_SECRET_ACME: 'secret' }, 'PURSER_WEBHOOK_SECRET_ACME'],
  [{ PURSER_LOGIN_RATE: '-1' }, 'PURSER_LOGIN_RATE'],
  [{ PURSER_TRUSTED_PROXIES: 'nginx' }, 'PURSER_TRUSTED_PROXIES'],
  [{ PURSER_TRUSTED_PROXIES: '10.0.0.0/33' }, 'PURSER_TRUSTED_PROXIES'],
  [{ PURSER_TRUSTED_PROXIES: 'loopback,' }, 'PURSER_TRUSTED_PROXIES'],
])('%j is refused at the start, in one line that tells no secret', async (variables, name) => {
  const failed = serve(['--data', newDirectory()], variables as Record<string, string>);
  const message = await failed.then(() => '', String);
  expect(message).toContain(`purser: ${name}`);
  expect(message.trim().split('\n')).toHaveLength(1);
  if (name !== 'FRONTEND_URL') expect(message).not.toMatch(/short|: secret$/);
});
