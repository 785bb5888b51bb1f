import { afterAll, beforeAll, expect, test } from 'vitest';
import { newDirectory, sharedDirectory } from './support/directory.js';
import { post, postHead, rawConnection } from './support/raw-connection.js';
import { type Server, serve } from './support/server.js';
import { bet } from './support/wallet-cases.js';

let server: Server;

beforeAll(async () => {
  server = await serve(['--data', sharedDirectory()]);
  await server.ask('/users', { users: ['alice'] });
});

afterAll(() => server.kill());

test.each([
  ['no HTTP at all', 'hello\r\n\r\n', 400, 'malformed_request'],
  ['a line end inside a header', 'GET / HTTP/1.1\r\nHost: a\rb\r\n\r\n', 400, 'malformed_request'],
  [
    'two ideas of how long the body is',
    `${postHead('/users', 5).trimEnd()}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    400,
    'malformed_request',
  ],
  [
    'headers of 20 kB',
    `GET /health HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`,
    431,
    'headers_too_large',
  ],
])('%s: a short answer, and the connection ends', async (_what, text, status, code) => {
  const connection = await rawConnection(server);
  connection.write(text);
  const heard = await connection.ends();
  expect(heard).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
  expect(heard).toContain(`"code":"${code}"`);
  expect(heard).not.toMatch(/\.js|stack/);
});

test('a request whose headers do not come to an end is answered 408', async () => {
  const connection = await rawConnection(server);
  connection.write('POST /transaction/bet HTTP/1.1\r\nHost: purser\r\n');
  expect(await connection.ends()).toMatch(/^HTTP\/1\.1 408 /);
}, 20_000);

test('nonsense behind a bet is never taken for the answer to the bet', async () => {
  for (let round = 0; round < 20; round += 1) {
    const connection = await rawConnection(server);
    connection.write(`${post('/transaction/bet', bet('alice', 1))}nonsense\r\n\r\n`);
    const heard = await connection.ends();
    if (heard !== '') expect(heard).toMatch(/^HTTP\/1\.1 200 /);
  }
});

test('requests sent in one go are answered in their order', {
  retry: 2,
  timeout: 10_000,
}, async () => {
  const connection = await rawConnection(server);
  const bodies = [1, 2, 3].map((amount) => bet('alice', amount));
  connection.write(bodies.map((body) => post('/transaction/bet', body)).join(''));
  const heard = await connection.hears('"status":"RS_OK"', 3);
  const places = bodies.map((body) => heard.indexOf(String(body['request_uuid'])));
  expect(places.every((place) => place > 0)).toBe(true);
  expect(places).toEqual([...places].sort((one, other) => one - other));
  connection.close();
});

test('a body that is too large is answered while it is still being sent', async () => {
  const response = await server.send('/transaction/bet', ' '.repeat(30_000_000));
  expect(response.status).toBe(413);
  expect(await response.json()).toMatchObject({ code: 'payload_too_large' });
});

test('a connection that ends in the middle of a body does no harm', async () => {
  const connection = await rawConnection(server);
  connection.write(`${postHead('/transaction/bet', 1000)}{"user":`);
  connection.close();
  expect((await fetch(`${server.url}/health`)).status).toBe(200);
  expect(server.said()).not.toContain('"level":50');
});

test.skipIf(process.platform !== 'linux')(
  'connections leave the process the files that it needs, and it says that they are too many',
  async () => {
    const few = ['bash', '-c', 'ulimit -n 128; exec "$@"', 'bash'];
    const small = await serve(['--data', newDirectory(), '--partitions', '1'], {}, few);
    const first = await rawConnection(small);
    const others = await Promise.all(Array.from({ length: 150 }, () => rawConnection(small)));
    for (let audit = 1; audit <= 3; audit++) {
      first.write('GET /v1/audit HTTP/1.1\r\nHost: purser\r\n\r\n');
      await first.hears('"ok":true', audit);
    }
    expect(first.heard.match(/HTTP\/1.1 200 /g)).toHaveLength(3);
    const lines = small.said().split('\n');
    const told = lines.filter((line) => line.includes('connections are closed'));
    expect(told).toHaveLength(1);
    for (const connection of [first, ...others]) connection.close();
    expect(await small.stop()).toBe(0);
  },
);
