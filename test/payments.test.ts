import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Checkout, failed, refunded, succeeded } from './support/checkout.js';
import { at, exchange } from './support/exchange.js';
import { apiKeys, ShopServer } from './support/shop-server.js';

const shop = new ShopServer(4);
let checkout: Checkout;

beforeAll(async () => {
  await shop.start();
  checkout = await Checkout.open(shop);
});

afterAll(async () => {
  await checkout.close();
  await shop.kill();
});

test('a payment is credited by its callback alone', async () => {
  const { player, payment_id } = await checkout.begin(100);
  expect(await checkout.look(player, payment_id)).toEqual(['PENDING', 100, 0, 0]);
  await checkout.charge({ payment_id, amount: 100, outcomes: [succeeded], delay_ms: 50 });
  expect(await checkout.look(player, payment_id)).toEqual(['SUCCEEDED', 100, 0, 100]);
});

test('a player pays for itself, and sees no payment of others', async () => {
  const username = `payer-${randomUUID()}`;
  const token = await checkout.login(username);
  const mine = { authorization: `Bearer ${token}` };
  const { payment_id } = await checkout.pay('me', { amount: 70 }, mine);
  await checkout.charge({ payment_id, amount: 70, outcomes: [succeeded] });
  expect(await checkout.look(username, payment_id)).toEqual(['SUCCEEDED', 70, 0, 70]);
  const other = await checkout.begin(5);
  for (const id of ['me', other.player]) {
    const path = `/v1/players/${id}/payments/${other.payment_id}`;
    expect((await exchange(shop.url, 'GET', path, mine)).status).toBe(404);
  }
});

test('a payment that failed is not credited, until it succeeds after all', async () => {
  const { player, payment_id } = await checkout.begin(100);
  await checkout.charge({ payment_id, amount: 100, outcomes: [failed] });
  expect(await checkout.look(player, payment_id)).toEqual(['FAILED', 100, 0, 0]);
  await checkout.charge({ payment_id, amount: 100, outcomes: [succeeded] });
  expect(await checkout.look(player, payment_id)).toEqual(['SUCCEEDED', 100, 0, 100]);
  await checkout.charge({ payment_id, amount: 100, outcomes: [failed] });
  expect(await checkout.look(player, payment_id)).toEqual(['SUCCEEDED', 100, 0, 100]);
});

test('ten copies of a callback at once have one effect', async () => {
  const { player, payment_id } = await checkout.begin(100);
  const [event] = await checkout.charge({
    payment_id,
    amount: 100,
    outcomes: [succeeded],
    copies: 10,
  });
  const told = checkout.provider.outcomesOf(event).toSorted();
  expect(told).toEqual(['applied', ...Array(9).fill('duplicate')]);
  expect(await checkout.look(player, payment_id)).toEqual(['SUCCEEDED', 100, 0, 100]);
});

test('the same effect under other event ids, at once, comes once', async () => {
  const { player, payment_id } = await checkout.begin(100);
  const charge = { payment_id, amount: 100, outcomes: [succeeded] };
  const events = await Promise.all(Array.from({ length: 8 }, () => checkout.charge(charge)));
  const told = events.flatMap(([event]) => checkout.provider.outcomesOf(event));
  expect(told.toSorted()).toEqual(['applied', ...Array(7).fill('duplicate')]);
  expect(await checkout.look(player, payment_id)).toEqual(['SUCCEEDED', 100, 0, 100]);
});

test('success and failure that race end in success', async () => {
  const { player, payment_id } = await checkout.begin(100);
  const charges = [succeeded, failed, failed].map((outcome) => {
    return checkout.charge({ payment_id, amount: 100, outcomes: [outcome] });
  });
  await Promise.all(charges);
  expect(await checkout.look(player, payment_id)).toEqual(['SUCCEEDED', 100, 0, 100]);
});

test.each([
  [100, ['REFUNDED', 100, 100, 0]],
  [30, ['SUCCEEDED', 100, 30, 70]],
])('of a refund of %i that comes before the success the rest is credited', async (part, seen) => {
  const { player, payment_id } = await checkout.begin(100);
  const outcomes = [succeeded, refunded(part)];
  await checkout.charge({ payment_id, amount: 100, outcomes, reversed: true });
  expect(await checkout.look(player, payment_id)).toEqual(seen);
});

test('a refund after the money was spent leaves a debt, which the next payment pays', async () => {
  const { player, payment_id } = await checkout.begin(100);
  await checkout.charge({ payment_id, amount: 100, outcomes: [succeeded] });
  expect(await checkout.spend(player, 80)).toBe(201);
  await checkout.charge({ payment_id, amount: 100, outcomes: [refunded(100)] });
  expect(await checkout.look(player, payment_id)).toEqual(['REFUNDED', 100, 100, -80]);
  expect(await checkout.spend(player, 1)).toBe(402);
  const next = await checkout.pay(player, { amount: 100 });
  await checkout.charge({ ...next, amount: 100, outcomes: [succeeded] });
  expect(await checkout.look(player, next.payment_id)).toEqual(['SUCCEEDED', 100, 0, 20]);
});

test('refunds say how much was given back in all, in whatever order', async () => {
  const { player, payment_id } = await checkout.begin(100);
  await checkout.charge({ payment_id, amount: 100, outcomes: [succeeded] });
  for (const [all, status, counted] of [
    [40, 'SUCCEEDED', 40],
    [40, 'SUCCEEDED', 40],
    [70, 'SUCCEEDED', 70],
    [50, 'SUCCEEDED', 70],
    [100, 'REFUNDED', 100],
    [70, 'REFUNDED', 100],
  ] as const) {
    await checkout.charge({ payment_id, amount: 100, outcomes: [refunded(all)], copies: 2 });
    const seen = await checkout.look(player, payment_id);
    expect(seen).toEqual([status, 100, counted, 100 - counted]);
  }
});

test.each([99, 101])(
  'a success of %i where 100 are due is for people to look at',
  async (amount) => {
    const { player, payment_id } = await checkout.begin(100);
    const [event] = await checkout.charge({ payment_id, amount, outcomes: [succeeded] });
    expect(checkout.provider.outcomesOf(event)).toEqual(['review']);
    expect(await checkout.look(player, payment_id)).toEqual(['REVIEW', 100, 0, 0]);
  },
);

test.each([
  ['more than was paid', { amount_refunded: 101 }],
  ['the amount of another payment', { amount: 40 }],
])('a refund of %s moves nothing, and the right one after it does', async (_, said) => {
  const { player, payment_id } = await checkout.begin(100);
  await checkout.charge({ payment_id, amount: 100, outcomes: [succeeded] });
  const tell = async (members: object): Promise<unknown> => {
    const event = { event_id: randomUUID(), type: 'payment.refunded', payment_id, ...members };
    return at((await shop.webhook(event as never)).body, 'status');
  };
  expect(await tell(said)).toBe('review');
  expect(await tell(said)).toBe('duplicate');
  expect(await checkout.look(player, payment_id)).toEqual(['SUCCEEDED', 100, 0, 100]);
  expect(await tell({ amount_refunded: 40 })).toBe('applied');
  expect(await checkout.look(player, payment_id)).toEqual(['SUCCEEDED', 100, 40, 60]);
  expect(await tell({ amount_refunded: 100 })).toBe('applied');
  expect(await checkout.look(player, payment_id)).toEqual(['REFUNDED', 100, 100, 0]);
  expect(await tell({ amount_refunded: 102 })).toBe('review');
  expect(await checkout.look(player, payment_id)).toEqual(['REFUNDED', 100, 100, 0]);
});

test('a callback waits for the payment that its reference means', async () => {
  const provider_ref = `ch_${randomUUID()}`;
  const charge = { provider_ref, amount: 100, outcomes: [succeeded, refunded(30)], copies: 3 };
  const events = await checkout.charge(charge);
  for (const event of events) {
    expect(checkout.provider.outcomesOf(event)).toEqual(Array(3).fill('parked'));
  }
  expect(checkout.statusesOf(events[0])).toEqual([202, 202, 202]);
  const { player, payment_id } = await checkout.begin(100, provider_ref);
  await checkout.until(player, payment_id, ['SUCCEEDED', 100, 30, 70]);
  await checkout.provider.send(events[0]);
  expect(checkout.provider.outcomesOf(events[0]).at(-1)).toBe('duplicate');
  expect(await checkout.look(player, payment_id)).toEqual(['SUCCEEDED', 100, 30, 70]);
});

test('a callback that races its payment is lost in no order', async () => {
  const rounds = Array.from({ length: 40 }, async (_, i) => {
    const provider_ref = `ch_${randomUUID()}`;
    const player = await checkout.player();
    const charge = checkout.charge({ provider_ref, amount: 100, outcomes: [succeeded], copies: 2 });
    await wait(i % 5);
    const { payment_id } = await checkout.pay(player, { amount: 100, provider_ref });
    await charge;
    await checkout.until(player, payment_id, ['SUCCEEDED', 100, 0, 100]);
  });
  await Promise.all(rounds);
});

test('a reference means one payment: a callback that names another under it moves nothing', async () => {
  const provider_ref = `ch_${randomUUID()}`;
  const [first, other] = [await checkout.begin(100, provider_ref), await checkout.begin(100)];
  const tell = async (type: string, members: object): Promise<unknown> => {
    const event = { event_id: randomUUID(), type, provider_ref, ...members };
    return at((await shop.webhook(event as never)).body, 'status');
  };
  const named = { payment_id: other.payment_id, amount: 100 };
  // The first one's reference is learnt a moment after it was made.
  await checkout.until(first.player, first.payment_id, ['PENDING', 100, 0, 0]);
  for (let known = false; !known; ) known = (await tell('payment.failed', {})) !== 'parked';
  expect(await tell('payment.succeeded', named)).toBe('review');
  expect(await tell('payment.succeeded', { amount: 100 })).toBe('applied');
  expect(await checkout.look(first.player, first.payment_id)).toEqual(['SUCCEEDED', 100, 0, 100]);
  expect(await checkout.look(other.player, other.payment_id)).toEqual(['REVIEW', 100, 0, 0]);
  expect(await tell('payment.refunded', { ...named, amount_refunded: 100 })).toBe('review');
  expect(await tell('payment.refunded', { amount_refunded: 100 })).toBe('applied');
  expect(await checkout.look(first.player, first.payment_id)).toEqual(['REFUNDED', 100, 100, 0]);
});

test('a reference is learnt from the first callback that names it and its payment', async () => {
  const provider_ref = `ch_${randomUUID()}`;
  const [first, other] = [await checkout.begin(100), await checkout.begin(100)];
  const tell = async ({ payment_id }: { payment_id: string }): Promise<unknown> => {
    const event = { event_id: randomUUID(), type: 'payment.succeeded', payment_id, provider_ref };
    return at((await shop.webhook({ ...event, amount: 100 })).body, 'status');
  };
  expect(await tell(first)).toBe('applied');
  expect(await tell(first)).toBe('duplicate');
  expect(await tell(other)).toBe('review');
  expect(await checkout.look(other.player, other.payment_id)).toEqual(['REVIEW', 100, 0, 0]);
});

test('whoever names the amount and the reference of its own payment must be confirmed in both', async () => {
  const username = `payer-${randomUUID()}`;
  const mine = { authorization: `Bearer ${await checkout.login(username)}` };
  const pay = async (headers?: Record<string, string>): Promise<readonly [string, string]> => {
    const provider_ref = `ch_${randomUUID()}`;
    const player = headers === undefined ? username : 'me';
    const { payment_id } = await checkout.pay(player, { amount: 70, provider_ref }, headers);
    return [payment_id, provider_ref];
  };
  const tell = async (members: object): Promise<unknown> => {
    const event = { event_id: randomUUID(), type: 'payment.succeeded', ...members };
    return at((await shop.webhook(event as never)).body, 'status');
  };
  const [held, itsReference] = await pay(mine);
  expect(await tell({ payment_id: held, provider_ref: itsReference })).toBe('review');
  expect(await checkout.look(username, held)).toEqual(['REVIEW', 70, 0, 0]);
  const [told] = await pay(mine);
  expect(await tell({ payment_id: told, amount: 70 })).toBe('applied');
  const [ofService] = await pay();
  expect(await tell({ payment_id: ofService })).toBe('applied');
  expect(await checkout.look(username, ofService)).toEqual(['SUCCEEDED', 70, 0, 140]);
});

test('an unknown payment id is refused', async () => {
  const body = { event_id: 'evt_none', type: 'payment.succeeded', payment_id: 'pay_none' };
  const reply = await shop.webhook({ ...body, amount: 1 });
  expect(reply).toMatchObject({ status: 404, body: { code: 'payment_not_found' } });
});

test('the provider is heard through crashes, and each payment is credited once', async () => {
  const crashing = new ShopServer(2);
  await crashing.start();
  const till = await Checkout.open(crashing);
  const begun = await Promise.all(Array.from({ length: 24 }, () => till.begin(100)));
  const ref = `ch_${randomUUID()}`;
  await till.charge({ provider_ref: ref, amount: 100, outcomes: [succeeded] });
  for (const moment of [0, 15, 40]) {
    const some = begun.splice(0, 8);
    const charges = some.map(({ payment_id }) => {
      return till.charge({ payment_id, amount: 100, outcomes: [succeeded, refunded(10)] });
    });
    await wait(moment);
    await crashing.kill();
    await crashing.start();
    await Promise.all(charges);
    for (const { player, payment_id } of some) {
      expect(await till.look(player, payment_id)).toEqual(['SUCCEEDED', 100, 10, 90]);
    }
  }
  expect(till.provider.unheard).toBeGreaterThan(0);
  const late = await till.begin(100, ref);
  await till.until(late.player, late.payment_id, ['SUCCEEDED', 100, 0, 100]);
  const admin = { authorization: `Bearer ${apiKeys.admin}` };
  const audit = await exchange(crashing.url, 'GET', '/v1/audit', admin);
  expect(audit.body).toMatchObject({ ok: true });
  await till.close();
  await crashing.kill();
});

test('what a callback did is on disk before the provider is told', async () => {
  const crashing = new ShopServer(2);
  await crashing.start();
  const till = await Checkout.open(crashing);
  const { player, payment_id } = await till.begin(100);
  const provider_ref = `ch_${randomUUID()}`;
  for (const [named, told] of [
    [{ payment_id }, 'duplicate'],
    [{ provider_ref }, 'parked'],
  ] as const) {
    crashing.crashBeforeAnswer();
    const charged = till.charge({ ...named, amount: 100, outcomes: [succeeded] });
    await crashing.dies();
    await crashing.start();
    const [event] = await charged;
    expect(till.provider.outcomesOf(event)).toEqual([told]);
  }
  expect(await till.look(player, payment_id)).toEqual(['SUCCEEDED', 100, 0, 100]);
  const late = await till.begin(100, provider_ref);
  await till.until(late.player, late.payment_id, ['SUCCEEDED', 100, 0, 100]);
  await till.close();
  await crashing.kill();
});
