import { Packr } from 'msgpackr';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sharedDirectory } from './support/directory.js';
import { type Server, serve } from './support/server.js';
import { bet } from './support/wallet-cases.js';

const packr = new Packr({ useRecords: false, int64AsType: 'bigint' });
const MSGPACK = 'application/msgpack';
const BIG = 9_000_000_000_000_000;
let server: Server;

beforeAll(async () => {
  server = await serve(['--data', sharedDirectory(), '--initial-balance', String(BIG)]);
  await server.ask('/users', { users: ['alice'] });
});

afterAll(() => server.kill());

function send(body: Uint8Array, headers: Record<string, string> = {}, path = '/transaction/bet') {
  return server.send(path, new Uint8Array(body), { 'content-type': MSGPACK, ...headers });
}

async function read(response: Response): Promise<unknown> {
  expect(response.headers.get('content-type')).toBe(MSGPACK);
  return packr.unpack(new Uint8Array(await response.arrayBuffer()));
}

test('a bet in msgpack is a bet, and a retry of it may come as JSON', async () => {
  const body = bet('alice', 1);
  const answer = await read(await send(packr.pack(body)));
  expect(answer).toMatchObject({ status: 'RS_OK', request_uuid: body['request_uuid'] });
  expect(await server.ask('/transaction/bet', body)).toMatchObject({ balance: BIG - 1 });
});

test('a balance beyond 32 bits is an integer on the wire, not a float', async () => {
  const body = packr.pack({ user: 'alice', request_uuid: bet('alice', 1)['request_uuid'] });
  const answer = await read(await send(body, {}, '/user/balance'));
  expect(answer).toMatchObject({ status: 'RS_OK', balance: expect.any(BigInt) });
});

test('Accept chooses the format of the answer', async () => {
  const body = bet('alice', 1);
  const json = await send(packr.pack(body), { accept: 'application/json' });
  expect(await json.json()).toMatchObject({ status: 'RS_OK' });
  const packed = await server.post('/transaction/bet', body, { accept: MSGPACK });
  expect(await read(packed)).toMatchObject({ status: 'RS_OK' });
});

test.each([
  [`application/json, ${MSGPACK};q=0.1`, 'application/json'],
  [`${MSGPACK};q=0`, 'application/json'],
  [`${MSGPACK};q=0.5, */*`, 'application/json'],
  [`application/json; q=0.2, ${MSGPACK}; q=0.3`, MSGPACK],
  [`application/json, ${MSGPACK}`, MSGPACK],
  [`${MSGPACK}; v=1, */*;q=0.1`, MSGPACK],
])('Accept: %s is answered as %s', async (accept, type) => {
  const answer = await server.post('/transaction/bet', bet('alice', 1), { accept });
  expect(answer.headers.get('content-type')).toMatch(type);
});

test('a batch goes both ways', async () => {
  const batch = [{ op: 'bet', ...bet('alice', 1) }, 5, { op: 'bet', ...bet('nobody', 1) }];
  const answers = await read(await send(packr.pack(batch), {}, '/transactions'));
  expect(answers).toMatchObject([
    { status: 'RS_OK' },
    { status: 'RS_ERROR_WRONG_SYNTAX' },
    { status: 'RS_ERROR_UNKNOWN' },
  ]);
});

test('an integer that a number cannot hold is no amount', async () => {
  const answer = await read(await send(packr.pack({ ...bet('alice', 1), amount: 2n ** 53n + 1n })));
  expect(answer).toMatchObject({ status: 'RS_ERROR_WRONG_TYPES' });
});

describe('what JSON could not say, or what is damaged, is refused', () => {
  test.each([
    ['nothing', []],
    ['half a map', [0x81, 0xa1]],
    ['bytes behind the value', [0x80, 0x80]],
    ['an array', [0x90]],
    ['an array that claims 2^32 - 1 items', [0xdd, 0xff, 0xff, 0xff, 0xff]],
    ['a name that is a number', [0x81, 0x01, 0x02]],
    ['a member that is there twice', [0x82, 0xa1, 0x61, 1, 0xa1, 0x61, 2]],
    ['binary', [0x81, 0xa1, 0x61, 0xc4, 0x01, 0x00]],
    ['an extension', [0x81, 0xa1, 0x61, 0xd4, 0x00, 0x00]],
    ['the byte that means nothing', [0xc1]],
    ['a text that is not UTF-8', [0x81, 0xa1, 0x61, 0xa1, 0xff]],
    ['1,000 levels', new Array<number>(1000).fill(0x91)],
  ])('%s', async (_what, bytes) => {
    const response = await send(Uint8Array.from(bytes));
    expect(response.status).toBe(400);
    expect(response.headers.get('content-type')).toBe('application/problem+json');
    expect(await response.json()).toMatchObject({ code: 'malformed_request' });
  });
});
