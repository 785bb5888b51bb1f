import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Checkout } from './support/checkout.js';
import { exchange, type Json } from './support/exchange.js';
import { apiKeys, provider, ShopServer, webhookKey } from './support/shop-server.js';
import { webhookHeaders } from './support/webhook.js';

const shop = new ShopServer(1);
let checkout: Checkout;

beforeAll(async () => {
  await shop.start();
  checkout = await Checkout.open(shop);
});

afterAll(async () => {
  await checkout.close();
  await shop.kill();
});

type Headers = Readonly<Record<string, string>>;
const MINUTE_MS = 60_000;
const without = (name: string) => (headers: Headers) => {
  return Object.fromEntries(Object.entries(headers).filter(([other]) => other !== name));
};
const another = (name: string, value: string) => (headers: Headers) => ({
  ...headers,
  [name]: value,
});

test.each<[what: string, now: number, forge: (headers: Headers) => Headers]>([
  ['no signature', 0, without('webhook-signature')],
  ['no id', 0, without('webhook-id')],
  ['no timestamp', 0, without('webhook-timestamp')],
  ['the id of another callback', 0, another('webhook-id', 'evt_other')],
  ['another timestamp', 0, another('webhook-timestamp', `${Math.floor(Date.now() / 1000) + 9}`)],
  ['a timestamp that is no number', 0, another('webhook-timestamp', 'now')],
  ['an old timestamp', -6 * MINUTE_MS, (headers) => headers],
  ['an early timestamp', 6 * MINUTE_MS, (headers) => headers],
  ['an empty signature', 0, another('webhook-signature', 'v1,')],
  ['a signature of 32 zero bytes', 0, another('webhook-signature', `v1,${'A'.repeat(43)}=`)],
  ['a signature without a version', 0, (headers) => unversioned(headers, '')],
  ['a signature of another version', 0, (headers) => unversioned(headers, 'v2,')],
])('a callback with %s is refused', async (_, shift, forge) => {
  const { player, payment_id } = await checkout.begin(100);
  const event = { event_id: randomUUID(), type: 'payment.succeeded', payment_id, amount: 100 };
  const body = JSON.stringify(event);
  const headers = webhookHeaders(webhookKey, event.event_id, body, Date.now() + shift);
  expect(await checkout.deliver(forge(headers), body)).toEqual([401, 'invalid_signature']);
  expect(await checkout.look(player, payment_id)).toEqual(['PENDING', 100, 0, 0]);
});

function unversioned(headers: Headers, version: string): Headers {
  const signature = headers['webhook-signature'] ?? '';
  return { ...headers, 'webhook-signature': signature.replace('v1,', version) };
}

test('a callback that is too old is told so, and not that its signature is wrong', async () => {
  const headers = webhookHeaders(webhookKey, randomUUID(), '{}', Date.now() - 6 * MINUTE_MS);
  const reply = await exchange(shop.url, 'POST', `/v1/webhooks/${provider}`, headers, '{}');
  expect(reply.body).toMatchObject({ detail: expect.stringMatching(/timestamp .* 300 s away/) });
});

test('an event that comes again with another amount is refused, as documented', async () => {
  const { payment_id } = await checkout.begin(100);
  const event = { event_id: randomUUID(), type: 'payment.succeeded', payment_id, amount: 100 };
  await shop.webhook(event);
  const reply = await shop.webhook({ ...event, amount: 99 });
  expect(reply.body).toMatchObject({ code: 'idempotency_key_reused' });
  (await shop.api()).expectDocumented('POST', `/v1/webhooks/${provider}`, reply);
});

test('a callback that was signed with another key, or changed on its way, is refused', async () => {
  const { player, payment_id } = await checkout.begin(100);
  const event = { event_id: randomUUID(), type: 'payment.succeeded', payment_id, amount: 100 };
  const body = JSON.stringify(event);
  const stranger = webhookHeaders(Buffer.from('x'.repeat(32)), event.event_id, body, Date.now());
  expect(await checkout.deliver(stranger, body)).toEqual([401, 'invalid_signature']);
  const right = webhookHeaders(webhookKey, event.event_id, body, Date.now());
  for (const changed of [body.replace('100', '900'), `${body} `, '', 'not JSON']) {
    expect(await checkout.deliver(right, changed)).toEqual([401, 'invalid_signature']);
  }
  expect(await checkout.look(player, payment_id)).toEqual(['PENDING', 100, 0, 0]);
});

test('one of several signatures will do, and a callback may be some minutes old', async () => {
  const { player, payment_id } = await checkout.begin(100);
  const event = { event_id: randomUUID(), type: 'payment.succeeded', payment_id, amount: 100 };
  const body = JSON.stringify(event);
  const headers = webhookHeaders(webhookKey, event.event_id, body, Date.now() - 4 * MINUTE_MS);
  const signature = `v1,${'A'.repeat(43)}= ${headers['webhook-signature']}`;
  const [status] = await checkout.deliver({ ...headers, 'webhook-signature': signature }, body);
  expect(status).toBe(200);
  expect(await checkout.look(player, payment_id)).toEqual(['SUCCEEDED', 100, 0, 100]);
});

test.each(['not JSON', '[]', '{"event_id":"e","type":"payment.gone","payment_id":"pay_1"}'])(
  'a signed callback of %j is refused as what it is',
  async (body) => {
    const headers = webhookHeaders(webhookKey, randomUUID(), body, Date.now());
    const [status] = await checkout.deliver(headers, body);
    expect([400, 422]).toContain(status);
  },
);

test.each([
  [255, 202],
  [256, 422],
])('an event whose id is a webhook-id of %i characters is answered %i', async (length, status) => {
  const body = JSON.stringify({ type: 'payment.succeeded', provider_ref: randomUUID(), amount: 1 });
  const headers = webhookHeaders(webhookKey, 'x'.repeat(length), body, Date.now());
  expect((await checkout.deliver(headers, body))[0]).toBe(status);
});

test('an event whose id is null has that of its webhook', async () => {
  const { player, payment_id } = await checkout.begin(100);
  const id = randomUUID();
  const deliver = (event: object) => {
    const body = JSON.stringify({ type: 'payment.succeeded', payment_id, ...event });
    return checkout.deliver(webhookHeaders(webhookKey, id, body, Date.now()), body);
  };
  expect(await deliver({ event_id: null, amount: 100 })).toEqual([200, null]);
  expect(await deliver({ event_id: id, amount: 100 })).toEqual([200, null]);
  expect(await deliver({ amount: 101 })).toEqual([422, 'idempotency_key_reused']);
  expect(await checkout.look(player, payment_id)).toEqual(['SUCCEEDED', 100, 0, 100]);
});

test('a parked event is refused that comes again and says something else', async () => {
  const provider_ref = `ref-${randomUUID()}`;
  const event = { event_id: randomUUID(), type: 'payment.succeeded', provider_ref, amount: 10 };
  const parked = { status: 202, body: { status: 'parked' } };
  expect(await shop.webhook(event)).toMatchObject(parked);
  expect(await shop.webhook(event)).toMatchObject(parked);
  const other = await shop.webhook({ ...event, amount: 11 });
  expect(other).toMatchObject({ status: 422, body: { code: 'idempotency_key_reused' } });
});

test('a provider that is not known is refused', async () => {
  const body = '{"event_id":"e","type":"payment.succeeded","provider_ref":"x","amount":1}';
  const headers = webhookHeaders(webhookKey, 'e', body, Date.now());
  const reply = await exchange(shop.url, 'POST', `/v1/webhooks/not-${provider}`, headers, body);
  expect([401, 404]).toContain(reply.status);
});

test.each(['other_psp', 'other-psp'])('the provider %s has its callbacks taken', async (name) => {
  const event = { event_id: 'e', type: 'payment.succeeded', provider_ref: name, amount: 1 };
  const body = JSON.stringify(event);
  const headers = webhookHeaders(webhookKey, 'e', body, Date.now());
  const reply = await exchange(shop.url, 'POST', `/v1/webhooks/${name}`, headers, body);
  expect(reply).toMatchObject({ status: 202, body: { status: 'parked' } });
});

test('members that are null are as absent', async () => {
  const { player, payment_id } = await checkout.begin(100);
  const event = (more: Json): Json => ({
    ...{ event_id: `evt-${randomUUID()}`, type: 'payment.succeeded', amount: 100 },
    ...(more as object),
  });
  const nulls = { provider_ref: null, amount_refunded: null };
  const paid = event({ payment_id, ...nulls });
  expect(await shop.webhook(paid)).toMatchObject({ status: 200, body: { status: 'applied' } });
  const { provider_ref: _, ...plain } = paid as Record<string, Json>;
  expect(await shop.webhook(plain)).toMatchObject({ body: { status: 'duplicate' } });
  expect(await checkout.look(player, payment_id)).toEqual(['SUCCEEDED', 100, 0, 100]);
  const parked = event({ provider_ref: `ref-${randomUUID()}`, payment_id: null });
  expect(await shop.webhook(parked)).toMatchObject({ status: 202, body: { status: 'parked' } });
  const untyped = event({ payment_id, type: null });
  expect(await shop.webhook(untyped)).toMatchObject({ status: 422 });
});

test('outcomes are counted from zero on, so that the first of each is an increase', async () => {
  const headers = { authorization: `Bearer ${apiKeys.svc}` };
  const { body } = await exchange(shop.url, 'GET', '/metrics', headers);
  const lines = String(body).matchAll(
    /^purser_payment_callbacks_total{provider="other_psp",status="(\w+)"} \d+$/gm,
  );
  const statuses = ['applied', 'duplicate', 'review', 'parked', 'refused'];
  expect([...lines].map(([, status]) => status)).toEqual(statuses);
});

test('what is held or parked is a line of the log, and each outcome is counted', async () => {
  const { payment_id } = await checkout.begin(100);
  const amount = { type: 'payment.succeeded', amount: 99 };
  const held = { event_id: randomUUID(), payment_id, ...amount };
  const parked = { event_id: randomUUID(), provider_ref: `ref-${randomUUID()}`, ...amount };
  const counted = async (status: string): Promise<number> => {
    const headers = { authorization: `Bearer ${apiKeys.svc}` };
    const { body } = await exchange(shop.url, 'GET', '/metrics', headers);
    const line = `purser_payment_callbacks_total{provider="${provider}",status="${status}"} (\\d+)`;
    return Number(new RegExp(line).exec(String(body))?.[1] ?? 0);
  };
  const before = [await counted('review'), await counted('parked')];
  expect(await shop.webhook(held)).toMatchObject({ body: { status: 'review' } });
  expect(await shop.webhook(parked)).toMatchObject({ body: { status: 'parked' } });
  expect([await counted('review'), await counted('parked')]).toEqual(before.map((n) => n + 1));
  const about = (id: string) => () =>
    shop.said.split('\n').filter((line) => /"level":40/.test(line) && line.includes(`"${id}"`));
  const named = [expect.stringContaining(`"payment_id":"${payment_id}"`)];
  await expect.poll(about(held.event_id)).toEqual(named);
  await expect.poll(about(parked.event_id)).toEqual([expect.stringContaining(parked.provider_ref)]);
});
