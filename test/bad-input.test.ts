import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { Packr } from 'msgpackr';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Server, serve } from './support/server.js';
import { bet } from './support/wallet-cases.js';

const directory = mkdtempSync(join(tmpdir(), 'purser-input-'));
const packr = new Packr({ useRecords: false });
let server: Server;

beforeAll(async () => {
  server = await serve(['--data', join(directory, 'data')]);
  await server.ask('/users', { users: ['alice'] });
});

afterAll(async () => {
  await server.kill();
  rmSync(directory, { recursive: true });
});

/** Whatever was sent: the server lives, and alice has what she had. */
afterEach(async () => {
  const answer = await server.ask('/user/balance', { user: 'alice', request_uuid: randomUUID() });
  expect(answer).toMatchObject({ status: 'RS_OK', balance: 100_000 });
});

/** A bet of alice's as JSON text, with one member's value replaced by other text. */
function text(member: string, value: string): string {
  const whole = JSON.stringify({ ...bet('alice', 1), [member]: '@' });
  return whole.replace('"@"', value);
}

const deep = `${'['.repeat(5000)}${']'.repeat(5000)}`;

describe('what is a request is decided, with HTTP 200', () => {
  test.each([
    ['2^53+1', text('amount', '9007199254740993'), 'RS_ERROR_WRONG_TYPES'],
    ['1e400', text('amount', '1e400'), 'RS_ERROR_WRONG_TYPES'],
    ['-0', text('amount', '-0'), 'RS_ERROR_UNKNOWN'],
    ['zero', text('amount', '0'), 'RS_ERROR_UNKNOWN'],
    ['1.5', text('amount', '1.5'), 'RS_ERROR_WRONG_TYPES'],
    [
      'a decimal that rounds to a whole number',
      text('amount', '1.00000000000000000001'),
      'RS_ERROR_WRONG_TYPES',
    ],
    ['NaN as text', text('amount', '"NaN"'), 'RS_ERROR_WRONG_TYPES'],
    ['an amount in an array', text('amount', '[5]'), 'RS_ERROR_WRONG_TYPES'],
    ['true as amount', text('amount', 'true'), 'RS_ERROR_WRONG_TYPES'],
    ['null as amount', text('amount', 'null'), 'RS_ERROR_WRONG_TYPES'],
    ['an amount as text', text('amount', '"5"'), 'RS_ERROR_WRONG_TYPES'],
    ['an empty object', '{}', 'RS_ERROR_WRONG_SYNTAX'],
    ['an unknown user', text('user', '"nobody"'), 'RS_ERROR_UNKNOWN'],
    ['an empty user', text('user', '""'), 'RS_ERROR_UNKNOWN'],
    ['a user of 10,000 characters', text('user', `"${'u'.repeat(10_000)}"`), 'RS_ERROR_UNKNOWN'],
    ['a user with control characters', text('user', '"ali\\u0000ce"'), 'RS_ERROR_UNKNOWN'],
    ['a user of a wrong type', text('user', '7'), 'RS_ERROR_WRONG_TYPES'],
    ['null as user', text('user', 'null'), 'RS_ERROR_WRONG_TYPES'],
    [
      'an id of 10,000 characters',
      text('transaction_uuid', `"${'a'.repeat(10_000)}"`),
      'RS_ERROR_WRONG_TYPES',
    ],
    [
      'an id that is almost a uuid',
      text('transaction_uuid', '"16d2dcfe-b89e-11e7-854a-58404eea6d1g"'),
      'RS_ERROR_WRONG_TYPES',
    ],
    [
      'an id with letters beyond ASCII',
      text('transaction_uuid', '"１6d2dcfe-b89e-11e7-854a-58404eea6d16"'),
      'RS_ERROR_WRONG_TYPES',
    ],
    ['null as id', text('transaction_uuid', 'null'), 'RS_ERROR_WRONG_TYPES'],
    ['another currency', text('currency', '"EUR"'), 'RS_ERROR_WRONG_CURRENCY'],
    ['a currency with a NUL', text('currency', '"USD\\u0000"'), 'RS_ERROR_WRONG_CURRENCY'],
    ['a currency of a wrong type', text('currency', '840'), 'RS_ERROR_WRONG_TYPES'],
    ['a round of a wrong type', text('round', '5'), 'RS_ERROR_WRONG_TYPES'],
    [
      '__proto__ with an amount',
      text('meta', '{"__proto__":{"amount":1}}').replace('"amount":1,', '"amount":1.5,'),
      'RS_ERROR_WRONG_TYPES',
    ],
  ])('%s', async (_what, body, status) => {
    const response = await server.send('/transaction/bet', body);
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({ status });
  });
});

describe('what is no request is refused', () => {
  test.each([
    ['an array', '[]', 400],
    ['a string', '"bet"', 400],
    ['null', 'null', 400],
    ['nothing', '', 400],
    ['half an object', '{"user":', 400],
    ['a member that is there twice', text('round', '"r","amount":2'), 400],
    ['a member that is there twice in disguise', text('round', '"r","am\\u006funt":2'), 400],
    ['half a surrogate pair', text('round', '"\\ud800"'), 400],
    ['deep nesting', text('meta', deep), 400],
    ['a string of escapes without an end', `[1.5,"${'\\\\"'.repeat(250_000)}`, 400],
    ['a body over 1 MiB', text('round', `"${'r'.repeat(1_100_000)}"`), 413],
  ])('%s', async (_what, body, status) => {
    const response = await server.send('/transaction/bet', body);
    expect(response.status).toBe(status);
    const problem = (await response.json()) as Record<string, unknown>;
    expect(problem['code']).toEqual(expect.any(String));
    expect(JSON.stringify(problem)).not.toMatch(/at .*\.js/);
  });

  test('bytes that are no UTF-8', async () => {
    const bytes = new TextEncoder().encode(text('round', '"rr"'));
    bytes[bytes.lastIndexOf(114)] = 0xff;
    expect((await server.send('/transaction/bet', bytes)).status).toBe(400);
  });

  test.each(['text/plain', 'application/xml', 'application/x-www-form-urlencoded'])(
    'a body of type %s',
    async (type) => {
      const response = await server.send('/transaction/bet', text('round', '"r"'), {
        'content-type': type,
      });
      expect(response.status).toBe(415);
    },
  );

  test('a body that is packed, and says so', async () => {
    const packed = gzipSync(text('round', '"r"'));
    const response = await server.send('/transaction/bet', packed, {
      'content-type': 'application/json',
      'content-encoding': 'gzip',
    });
    expect(response.status).toBe(415);
    expect(await response.text()).toContain('Content-Encoding');
  });

  test('a path that is not there', async () => {
    const response = await server.post('/transaction/steal', {});
    expect(response.status).toBe(404);
    expect(response.headers.get('content-type')).toContain('application/problem+json');
  });

  test('a batch of more than 4,096 operations, or one that is no array', async () => {
    expect((await server.post('/transactions', new Array(4097).fill({}))).status).toBe(413);
    expect((await server.post('/transactions', {})).status).toBe(400);
  });
});

test('a batch answers each element in its place', async () => {
  const good = { op: 'bet', ...bet('nobody', 1) };
  const response = await server.post('/transactions', [
    good,
    null,
    { ...good, op: 'steal' },
    7,
    { op: 'win' },
  ]);
  const answers = (await response.json()) as Record<string, unknown>[];
  expect(answers.map(({ status }) => status)).toEqual([
    'RS_ERROR_UNKNOWN',
    'RS_ERROR_WRONG_SYNTAX',
    'RS_ERROR_WRONG_TYPES',
    'RS_ERROR_WRONG_SYNTAX',
    'RS_ERROR_WRONG_SYNTAX',
  ]);
});

test('msgpack is taken and answered', async () => {
  const headers = { 'content-type': 'application/msgpack' };
  const body = packr.pack({ user: 'alice', request_uuid: randomUUID() });
  const response = await server.send('/user/balance', new Uint8Array(body), headers);
  expect(response.headers.get('content-type')).toContain('application/msgpack');
  const answer = packr.unpack(new Uint8Array(await response.arrayBuffer()));
  expect(answer).toMatchObject({ user: 'alice', status: 'RS_OK', balance: 100_000 });
  expect((await server.send('/user/balance', new Uint8Array([0xc1]), headers)).status).toBe(400);
});

test('a request_uuid comes back in every answer that could read one', async () => {
  for (const body of [
    bet('nobody', 1),
    { ...bet('alice', 1), amount: 'x' },
    { request_uuid: 'not a uuid' },
  ]) {
    const answer = await server.ask('/transaction/bet', body);
    expect(answer['request_uuid']).toBe(body['request_uuid']);
  }
});
