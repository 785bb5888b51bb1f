import { generateKeyPairSync, sign } from 'node:crypto';
import { unpack } from 'msgpackr';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newDirectory, sharedDirectory } from './support/directory.js';
import { run, type Server, serve } from './support/server.js';
import { bet } from './support/wallet-cases.js';

const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const stranger = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString();

const INVALID = { status: 'RS_ERROR_INVALID_SIGNATURE' };
let server: Server;

beforeAll(async () => {
  const keys = { PURSER_HUB88_PUBLIC_KEY: pem, PURSER_API_KEYS: 'key:wallet' };
  server = await serve(['--data', sharedDirectory()], keys);
  const bearer = { authorization: 'Bearer key' };
  expect((await server.post('/users', { users: ['alice'] }, bearer)).status).toBe(200);
});

afterAll(() => server.kill());

function signed(text: string, key = privateKey): string {
  return sign('RSA-SHA256', Buffer.from(text), key).toString('base64');
}

async function send(path: string, text: string, signature?: string): Promise<unknown> {
  const headers = signature === undefined ? {} : { 'x-hub88-signature': signature };
  const response = await server.send(path, text, headers);
  expect(response.status).toBe(200);
  return response.json();
}

test('the signature covers the bytes, however the JSON is written', async () => {
  const text = JSON.stringify(bet('alice', 1), null, 3).replace('alice', 'al\\u0069ce');
  expect(await send('/transaction/bet', text, signed(text))).toMatchObject({ status: 'RS_OK' });
});

describe('a signature that does not fit is a decision, and nothing is parsed', () => {
  const text = JSON.stringify(bet('alice', 1));
  test.each([
    ['none', undefined],
    ['an empty one', ''],
    ['no base64', '%%%'],
    ["a stranger's", signed(text, stranger)],
    ['one of other bytes', signed(`${text} `)],
    ['one that is cut off', signed(text).slice(0, 100)],
  ])('%s', async (_what, signature) => {
    expect(await send('/transaction/bet', text, signature)).toEqual(INVALID);
  });

  test.each(['/transaction/win', '/transaction/rollback', '/transactions', '/user/balance'])(
    '%s',
    async (path) => expect(await send(path, 'no JSON', signed(text))).toEqual(INVALID),
  );

  test('a batch is signed as a whole', async () => {
    const batch = JSON.stringify([{ op: 'bet', ...bet('alice', 1) }]);
    expect(await send('/transactions', batch, signed(batch))).toMatchObject([{ status: 'RS_OK' }]);
  });
});

test('whoever speaks MessagePack hears of it so', async () => {
  const headers = { 'content-type': 'application/msgpack' };
  const response = await server.send('/transaction/bet', new Uint8Array([0x80]), headers);
  expect(response.headers.get('content-type')).toBe('application/msgpack');
  expect(unpack(new Uint8Array(await response.arrayBuffer()))).toEqual(INVALID);
});

test('with the public key alone it is said that other routes are open', async () => {
  const open = await serve(['--data', newDirectory()], { PURSER_HUB88_PUBLIC_KEY: pem });
  expect(open.said()).toContain('no PURSER_API_KEYS');
  await open.kill();
});

test('a signature takes the place of a key on its routes only', async () => {
  const body = JSON.stringify({ users: ['bob'] });
  const response = await server.send('/users', body, { 'x-hub88-signature': signed(body) });
  expect(response.status).toBe(401);
});

test('the key may come as base64, and what is no key is refused at start', async () => {
  const other = await serve(['--data', newDirectory()], {
    PURSER_HUB88_PUBLIC_KEY: Buffer.from(pem).toString('base64'),
  });
  const text = JSON.stringify(bet('alice', 1));
  const answer = await other.send('/transaction/bet', text, { 'x-hub88-signature': signed(text) });
  expect(await answer.json()).toMatchObject({ status: 'RS_ERROR_UNKNOWN' });
  await other.kill();
  process.env['PURSER_HUB88_PUBLIC_KEY'] = 'nonsense';
  const { code, err } = run('serve', '--port', '0', '--data', newDirectory());
  delete process.env['PURSER_HUB88_PUBLIC_KEY'];
  expect(code).toBe(2);
  expect(err).toMatch(/^purser: PURSER_HUB88_PUBLIC_KEY: .+\n$/);
});
