import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { sharedDirectory } from './support/directory.js';
import { type Server, serve } from './support/server.js';

/** Made by openssl alone: `cases/signatures.sh`. */
const vectors = JSON.parse(
  readFileSync(resolve(import.meta.dirname, 'cases/signatures.json'), 'utf8'),
) as {
  readonly rsa: { readonly publicKey: string; readonly body: string; readonly signature: string };
  readonly webhook: {
    readonly secret: string;
    readonly id: string;
    readonly timestamp: number;
    readonly body: string;
    readonly signature: string;
  };
  readonly jwt: { readonly secret: string; readonly player: string; readonly token: string };
};
const { rsa, webhook, jwt } = vectors;

let server: Server;

beforeAll(async () => {
  const data = sharedDirectory();
  // The callback's time is now.
  const clock = join(dirname(data), 'clock');
  writeFileSync(clock, String(webhook.timestamp * 1_000 - Date.now()));
  const preload = pathToFileURL(resolve(import.meta.dirname, 'support/clock.mjs')).href;
  server = await serve(['--data', data], {
    NODE_OPTIONS: `--import ${preload}`,
    PURSER_TEST_CLOCK: clock,
    PURSER_HUB88_PUBLIC_KEY: rsa.publicKey,
    PURSER_API_KEYS: 'key:admin',
    PURSER_WEBHOOK_SECRET_TESTPSP: webhook.secret,
    JWT_SECRET: jwt.secret,
  });
  const service = { authorization: 'Bearer key' };
  const player = { player_id: jwt.player, initial_balance: 100 };
  expect((await server.post('/v1/players', player, service)).status).toBe(201);
});

afterAll(() => server.kill());

/** The text with its last digit or letter but one changed. */
function changed(text: string): string {
  const at = text.length - 6;
  return text.slice(0, at) + (text[at] === 'A' ? 'B' : 'A') + text.slice(at + 1);
}

test.each([
  ['as it is', rsa.body, rsa.signature, 'RS_OK'],
  ['over other bytes of the same meaning', JSON.stringify(JSON.parse(rsa.body)), rsa.signature, 0],
  ['with a changed character', rsa.body, changed(rsa.signature), 0],
])('an RSA signature of a bet, %s', async (_what, body, signature, status) => {
  const headers = { 'x-hub88-signature': signature };
  const answer = await (await server.send('/transaction/bet', body, headers)).json();
  const wanted = status === 0 ? 'RS_ERROR_INVALID_SIGNATURE' : status;
  expect(answer).toMatchObject({ status: wanted });
});

test.each([
  ['as it is', webhook.body, webhook.signature, 'payment_not_found'],
  ['over other bytes', `${webhook.body} `, webhook.signature, 'invalid_signature'],
  ['with a changed character', webhook.body, changed(webhook.signature), 'invalid_signature'],
])('an HMAC of a callback, %s', async (_what, body, signature, code) => {
  const response = await server.send('/v1/webhooks/testpsp', body, {
    'webhook-id': webhook.id,
    'webhook-timestamp': String(webhook.timestamp),
    'webhook-signature': signature,
  });
  expect(await response.json()).toMatchObject({ code });
});

test.each([
  ['as it is', jwt.token, 200],
  ['with a changed character', changed(jwt.token), 401],
])('a token, %s', async (_what, token, status) => {
  const headers = { authorization: `Bearer ${token}` };
  expect((await fetch(`${server.url}/balance`, { headers })).status).toBe(status);
});
