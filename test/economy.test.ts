import fc from 'fast-check';
import {
  type IfMatch,
  type Item,
  type ItemBody,
  type Order,
  type OrderBody,
  type Outcome,
  openWallet,
  type Wallet,
} from 'purser';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { newDirectory } from './support/directory.js';
import { withFaults } from './support/mutant-wallet.js';
import { bet, rollback, win } from './support/wallet-cases.js';

let wallet: Wallet;
let keys = 0;
let p: string;
let players = 0;

const key = () => ({ idempotencyKey: `key-${++keys}` });

beforeAll(open);

/** Each test has a player of its own. */
beforeEach(async () => {
  p = `p${++players}`;
  await wallet.players.create({ player_id: p, initial_balance: 1_000 });
});

afterEach(async () => {
  if (!vi.isFakeTimers()) return;
  vi.useRealTimers();
  // Its clock is ahead.
  await reopen();
});

afterAll(() => wallet.close());

async function open(): Promise<void> {
  wallet = await openWallet({ partitions: 2 });
}

/** From now on there is an engine that no test has used. */
async function reopen(): Promise<void> {
  await wallet.close();
  await open();
}

function done<T>(outcome: Outcome<T>): T {
  if (!outcome.ok) throw new Error(`${outcome.code} ${JSON.stringify(outcome.members)}`);
  return outcome.value;
}

/** A new item; it throws when there is one of that name. */
async function put(sku: string, body: ItemBody): Promise<Item> {
  return done(await wallet.items.put(sku, body));
}

async function buy(lines: OrderBody['lines']) {
  return done(await wallet.orders.create(p, { lines, complete: true }, key()));
}

async function lots() {
  return done(await wallet.entitlements.list(p)).data;
}

test('refunds that race never give back more than was spent', async () => {
  const spend = done(await wallet.spends.create(p, { amount: 100 }, key()));
  const refunds = await Promise.all(
    Array.from({ length: 30 }, () => {
      return wallet.spends.refund(p, spend.transaction_id, { amount: 7 }, key());
    }),
  );
  expect(refunds.filter(({ ok }) => ok)).toHaveLength(14);
  expect(await wallet.players.get(p)).toMatchObject({ balance: 1_000 - 100 + 98 });
  const told = done(await wallet.transactions.get(p, spend.transaction_id));
  expect(told).toMatchObject({ amount: 100, refunded_amount: 98 });
});

test('an id that only looks like one names nothing, also of what a checkpoint holds', async () => {
  const dataDir = newDirectory();
  let other = await openWallet({ dataDir, partitions: 1 });
  await other.players.create({ player_id: p, initial_balance: 1_000 });
  const [spent, pending] = await Promise.all(
    [true, false].map((complete) => {
      const lines = [{ sku: 'gold_coin', quantity: 3 }];
      return other.orders.create(p, { lines, complete }, key());
    }),
  );
  const paid = done(spent as Outcome<Order>).order_id;
  const due = done(pending as Outcome<Order>).order_id;
  const [lot] = done(await other.entitlements.list(p)).data;
  const payment = done(await other.payments.create(p, { provider: 'psp', amount: 5 }, key()));
  await other.close();
  other = await openWallet({ dataDir });
  const { balance } = (await other.players.get(p)) ?? {};
  const unit = (id: string) => String.fromCharCode(id.charCodeAt(0) + 256) + id.slice(1);
  for (const like of [unit, (id: string) => id + 'x'.repeat(6_000), (id: string) => `${id}é`]) {
    const code = 'order_not_found';
    expect(await other.orders.get(p, like(paid))).toMatchObject({ code });
    expect(await other.orders.refund(p, like(paid), {}, key())).toMatchObject({ code });
    expect(await other.orders.complete(p, like(due), key())).toMatchObject({ code });
    const consumed = other.entitlements.consume(
      ...([p, like(lot?.entitlement_id ?? ''), { quantity: 3 }, key()] as const),
    );
    expect(await consumed).toMatchObject({ code: 'entitlement_not_found' });
    expect(await other.payments.get(p, like(payment.payment_id))).toMatchObject({
      code: 'payment_not_found',
    });
  }
  expect(await other.players.get(p)).toMatchObject({ balance });
  expect(other.health().partitions).toMatchObject([{ restarts: 0 }]);
  await other.close();
});

test('what comes and goes in one entry is exact next to the largest balance', async () => {
  const initial_balance = Number.MAX_SAFE_INTEGER;
  await wallet.players.create({ player_id: 'rich', initial_balance });
  await put('pack', { name: 'Pack', kind: 'currency', price: 2, grants: 2 });
  const lines = [{ sku: 'pack', quantity: 1 }];
  const bought = await wallet.orders.create('rich', { lines, complete: true }, key());
  const refund = await wallet.orders.refund('rich', done(bought).order_id, {}, key());
  expect(done(refund)).toMatchObject({ amount: 2, balance_after: initial_balance });
  expect(await wallet.players.get('rich')).toMatchObject({ balance: initial_balance });
  expect(await wallet.audit()).toMatchObject({ ok: true, total: '0' });
});

test('what would fall below the least balance is refused, and ends no thread', async () => {
  const paid = { provider: 'psp', amount: 100 };
  const { payment_id } = done(await wallet.payments.create(p, paid, key()));
  const tell = (event_id: string, type: 'payment.succeeded' | 'payment.refunded') =>
    wallet.payments.receive('psp', { event_id, type, payment_id, amount: 100 });
  expect(done(await tell('e1', 'payment.succeeded')).status).toBe('applied');
  const all = bet(p, 1_100);
  await wallet.bet(all);
  const most = win(p, Number.MAX_SAFE_INTEGER, all.transaction_uuid);
  expect(await wallet.win(most)).toMatchObject({ status: 'RS_OK' });
  await wallet.bet(bet(p, Number.MAX_SAFE_INTEGER));
  const least = -Number.MAX_SAFE_INTEGER;
  expect(await wallet.rollback(rollback(p, most.transaction_uuid))).toMatchObject({
    balance: least,
  });
  expect(await tell('e2', 'payment.refunded')).toMatchObject({ code: 'balance_limit_exceeded' });
  expect(wallet.health().partitions.map(({ restarts }) => restarts)).toEqual([0, 0]);
  await wallet.credits.add(p, { amount: 100, reason: 'BONUS' }, key());
  expect(done(await tell('e2', 'payment.refunded')).status).toBe('applied');
  expect(await wallet.players.get(p)).toMatchObject({ balance: least });
});

test('reads that find nothing share what a turn looks at, and their cursors lead to the end', async () => {
  const other = await openWallet({ partitions: 1 });
  await other.players.create({ player_id: p, initial_balance: 9_000 });
  await other.batch(Array.from({ length: 3_000 }, () => ({ op: 'bet', ...bet(p, 1) })));
  const read = (cursor?: string | null) => {
    const page = { type: 'REFUND', ...(cursor && { cursor }) } as const;
    return other.transactions.list(p, page).then(done);
  };
  const pages = await Promise.all(Array.from({ length: 20 }, () => read()));
  expect(pages.filter(({ next_cursor }) => next_cursor !== null).length).toBeGreaterThan(10);
  for (let page = pages.at(-1); page?.next_cursor; page = await read(page.next_cursor)) {
    expect(page.data).toEqual([]);
  }
  const bets = await other.transactions.list(p, { type: 'BET', limit: 200 });
  expect(done(bets).data).toHaveLength(200);
  await other.close();
});

test('a turn that takes long decides no more requests nor reads, and answers what it knows', async () => {
  const dataDir = newDirectory();
  const options = key();
  const first = await openWallet({ dataDir });
  await first.players.create({ player_id: 'ann', initial_balance: 1_000 });
  const spent = await first.spends.create('ann', { amount: 10 }, options);
  await first.close();
  const openSlow = await withFaults({
    file: 'limits.js',
    find: 'turn_long_ms: 1_000',
    replace: 'turn_long_ms: -1',
  });
  const slow = await openSlow({ dataDir });
  const again = await slow.spends.create('ann', { amount: 10 }, options);
  expect(again).toEqual({ ...spent, replayed: true });
  const refused = { code: 'overloaded', message: expect.stringContaining('nothing was done') };
  await expect(slow.spends.create('ann', { amount: 10 }, key())).rejects.toMatchObject(refused);
  await expect(slow.transactions.list('ann')).rejects.toMatchObject(refused);
  await expect(slow.orders.list('ann')).rejects.toMatchObject(refused);
  expect(await slow.bet(bet('ann', 1))).toMatchObject({ status: 'RS_OK', balance: 989 });
  expect(await slow.audit()).toMatchObject({ ok: true });
  await slow.close();
});

test('money that a provider takes back names the payment that it came by', async () => {
  const { payment_id } = done(
    await wallet.payments.create(p, { provider: 'psp', amount: 100 }, key()),
  );
  for (const type of ['payment.succeeded', 'payment.refunded'] as const) {
    await wallet.payments.receive('psp', { event_id: type, type, payment_id, amount: 100 });
  }
  const [back, paid] = done(await wallet.transactions.list(p)).data;
  expect(back).toMatchObject({ type: 'CLAWBACK', refund_of: paid?.transaction_id, payment_id });
  expect(paid).toMatchObject({ type: 'PAYMENT', payment_id });
});

test('a replay is the answer of then, whatever happened since', async () => {
  const options = key();
  const first = await wallet.credits.add(p, { amount: 5, reason: 'BONUS' }, options);
  await wallet.spends.create(p, { amount: 900 }, key());
  const again = await wallet.credits.add(p, { amount: 5, reason: 'BONUS' }, options);
  expect(again).toEqual({ ...first, replayed: true });
});

test('an expected version guards a request, and a replay comes before it', async () => {
  const options = key();
  const spend = (ifMatch: number) =>
    wallet.spends.create(p, { amount: 1 }, { ...options, ifMatch });
  expect(await spend(2)).toMatchObject({ code: 'version_mismatch', members: { version: 1 } });
  expect(await spend(1)).toMatchObject({ ok: true, replayed: false, version: 2 });
  expect(await spend(1)).toMatchObject({ ok: true, replayed: true });
});

test('one of several versions can be expected, or any that there is', async () => {
  const spend = (ifMatch: IfMatch) => wallet.spends.create(p, { amount: 1 }, { ...key(), ifMatch });
  expect(await spend([])).toMatchObject({ code: 'version_mismatch' });
  expect(await spend([2, 3])).toMatchObject({ code: 'version_mismatch' });
  expect(await spend([7, 1])).toMatchObject({ ok: true, version: 2 });
  expect(await spend('*')).toMatchObject({ ok: true, version: 3 });
  const stale = await wallet.players.setStatus(p, 'DISABLED', { ifMatch: [1, 2] });
  expect(stale).toMatchObject({ code: 'version_mismatch' });
  const set = await wallet.players.setStatus(p, 'DISABLED', { ifMatch: [2, 3] });
  expect(set).toMatchObject({ version: 4 });
  expect(await wallet.audit()).toMatchObject({ ok: true });
});

test('an expected version guards status and limits, in the journal too', async () => {
  const { players } = wallet;
  const stale = await players.setStatus(p, 'DISABLED', { ifMatch: 2 });
  expect(stale).toMatchObject({ code: 'version_mismatch', members: { version: 1 } });
  expect(await players.setStatus(p, 'DISABLED', { ifMatch: 1 })).toMatchObject({
    ok: true,
    version: 2,
    value: { status: 'DISABLED' },
  });
  expect(await players.setLimits(p, { max_bet: 5 }, { ifMatch: 1 })).toMatchObject({
    code: 'version_mismatch',
  });
  expect(await players.setLimits(p, { max_bet: 5 }, { ifMatch: 2 })).toMatchObject({
    value: { limits: { max_bet: 5 }, version: 3 },
  });
  expect(await players.setStatus('nobody', 'ACTIVE', { ifMatch: 1 })).toBeUndefined();
  expect(await wallet.audit()).toMatchObject({ ok: true });
});

test.each(['', 'x'.repeat(256), 'with space', 'ü', 'a\u0000'])(
  '%j is no key',
  async (idempotencyKey) => {
    const refused = await wallet.spends.create(p, { amount: 1 }, { idempotencyKey });
    expect(refused).toMatchObject({ ok: false, code: 'validation_failed' });
  },
);

test('the catalogue keeps its versions, and asks for the one that is changed', async () => {
  const body = { name: 'Potion', kind: 'consumable', price: 10 } as const;
  expect(await wallet.items.put('potion', body, { ifNoneMatch: '*' })).toMatchObject({
    version: 1,
  });
  expect(await wallet.items.put('potion', body, { ifNoneMatch: '*' })).toMatchObject({
    code: 'version_mismatch',
  });
  expect(await wallet.items.put('potion', { ...body, price: 11 })).toMatchObject({
    code: 'precondition_required',
  });
  const changed = await wallet.items.put('potion', { ...body, price: 11 }, { ifMatch: 1 });
  expect(changed).toMatchObject({ version: 2, value: { price: 11 } });
  const stale = await wallet.items.put('potion', { ...body, price: 12 }, { ifMatch: 1 });
  expect(stale).toMatchObject({ code: 'version_mismatch', members: { version: 2 } });
  const gold = { name: 'Gold', kind: 'consumable', price: 20 } as const;
  expect(await wallet.items.put('gold_coin', gold, { ifMatch: 1 })).toMatchObject({ version: 2 });
});

test.each([
  [{ kind: 'durable', price: -1 }, '/price'],
  [{ kind: 'durable', price: 0.5 }, '/price'],
  [{ kind: 'currency', price: 1 }, '/grants'],
  [{ kind: 'durable', price: 1, grants: 5 }, '/grants'],
  [{ kind: 'durable', price: 1, max_per_player: 0 }, '/max_per_player'],
  [{ kind: 'durable', price: 1, duration: -5 }, '/duration'],
  [{ kind: 'currency', price: 1, grants: 1, duration: 5 }, '/duration'],
] as const)('no item is %j', async (body, pointer) => {
  const put = await wallet.items.put('odd', { name: 'Odd', ...body });
  expect(put).toMatchObject({ code: 'validation_failed', members: { errors: [{ pointer }] } });
});

test('a price in another currency than the wallet now has is no price', async () => {
  const dataDir = newDirectory();
  const body: ItemBody = { name: 'Hat', kind: 'consumable', price: 100 };
  let other = await openWallet({ dataDir, partitions: 1, currency: 'JPY' });
  const hat = done(await other.items.put('hat', body));
  await other.close();
  other = await openWallet({ dataDir, currency: 'USD' });
  await other.players.create({ player_id: p, initial_balance: 1_000 });
  const buy = () => {
    const lines = [{ sku: 'hat', quantity: 1 }];
    return other.orders.create(p, { lines, complete: true }, key());
  };
  expect(done(await other.items.get('hat'))).toEqual(hat);
  expect(await buy()).toMatchObject({ ok: false, code: 'item_unavailable' });
  expect(await other.players.get(p)).toMatchObject({ balance: 1_000 });
  const again = done(await other.items.put('hat', body, { ifMatch: hat.version }));
  expect(again).toMatchObject({ version: 2, currency: 'USD' });
  expect(done(await buy())).toMatchObject({ total: 100, currency: 'USD', balance_after: 900 });
  await other.close();
});

test('a full catalogue takes no other item, and new versions of each that it has', async () => {
  const full = await openWallet({ partitions: 1, durability: 'process' });
  const body = { name: 'One of many', kind: 'consumable', price: 1 } as const;
  for (let i = 0; i < 10_000; i += 500) {
    const skus = Array.from({ length: 500 }, (_, j) => `sku-${i + j}`);
    const made = await Promise.all(skus.map((sku) => full.items.put(sku, body)));
    expect(made.every(({ ok }) => ok)).toBe(true);
  }
  for (const sku of ['sku-0', 'gold_coin']) {
    const changed = await full.items.put(sku, { ...body, price: 2 }, { ifMatch: 1 });
    expect(changed).toMatchObject({ value: { version: 2 } });
  }
  expect(await full.items.put('other', body)).toMatchObject({ code: 'limit_reached' });
  expect(await full.audit()).toMatchObject({ ok: true });
  await full.close();
});

test('an item can be limited for each player, and what is given back counts no more', async () => {
  const body = { name: 'Hat', kind: 'consumable', price: 1, max_per_player: 3 } as const;
  await put('hat', body);
  const order = await buy([{ sku: 'hat', quantity: 2 }]);
  const more = { lines: [{ sku: 'hat', quantity: 2 }], complete: true };
  expect(await wallet.orders.create(p, more, key())).toMatchObject({ code: 'limit_reached' });
  await wallet.orders.refund(p, order.order_id, {}, key());
  expect(await wallet.orders.create(p, more, key())).toMatchObject({ ok: true });
});

test('a lot ends when its time is over, and its item can be bought again', async () => {
  vi.useFakeTimers({ toFake: ['Date'] });
  await put('pass', { name: 'Pass', kind: 'durable', price: 5, duration: 60 });
  await buy([{ sku: 'pass', quantity: 1 }]);
  const again = { lines: [{ sku: 'pass', quantity: 1 }], complete: true };
  expect(await wallet.orders.create(p, again, key())).toMatchObject({ code: 'already_owned' });
  vi.setSystemTime(Date.now() + 61_000);
  expect((await lots())[0]).toMatchObject({ status: 'EXPIRED', remaining: 0, expired: 1 });
  await buy(again.lines);
  expect(await lots()).toMatchObject([{ status: 'ACTIVE' }, { status: 'EXPIRED' }]);
});

test('a PENDING order that expires is CANCELLED and makes room', async () => {
  vi.useFakeTimers({ toFake: ['Date'] });
  const lines = [{ sku: 'gold_coin', quantity: 1 }];
  const orders = [];
  for (let i = 0; i < 100; i++) orders.push(done(await wallet.orders.create(p, { lines }, key())));
  expect(await wallet.orders.create(p, { lines }, key())).toMatchObject({
    code: 'limit_reached',
  });
  vi.setSystemTime(Date.now() + 16 * 60_000);
  const first = orders[0]?.order_id ?? '';
  expect(await wallet.orders.complete(p, first, key())).toMatchObject({ code: 'order_expired' });
  expect(done(await wallet.orders.get(p, first))).toMatchObject({
    status: 'CANCELLED',
    cancel_reason: 'EXPIRED',
    history: ['PENDING', 'CANCELLED'],
  });
  expect(await wallet.orders.create(p, { lines }, key())).toMatchObject({ ok: true });
});

test('money given back without units falls on the lines, and is never given twice', async () => {
  await put('sword', { name: 'Sword', kind: 'durable', price: 100 });
  const order = await buy([
    { sku: 'gold_coin', quantity: 5 },
    { sku: 'sword', quantity: 1 },
  ]);
  const ask = (body: Parameters<Wallet['orders']['refund']>[2]) =>
    wallet.orders.refund(p, order.order_id, body, key());
  expect(done(await ask({ amount: 60, revoke: 'none' }))).toMatchObject({ revoked: [] });
  expect(await ask({ amount: 5 })).toMatchObject({ code: 'validation_failed' });
  for (const body of [{}, { lines: [{ sku: 'sword', quantity: 1 }] }]) {
    expect(await ask({ ...body, revoke: 'none' })).toMatchObject({ code: 'validation_failed' });
  }
  expect(await ask({ lines: [{ sku: 'nope', quantity: 1 }] })).toMatchObject({
    code: 'validation_failed',
  });
  // 50 of the 60 were the coins': no money is left for them, and 90 for the sword.
  expect(done(await ask({ lines: [{ sku: 'gold_coin', quantity: 2 }] }))).toMatchObject({
    amount: 0,
    revoked: [{ sku: 'gold_coin', quantity: 2 }],
    order_status: 'COMPLETED',
  });
  expect(done(await ask({}))).toMatchObject({
    amount: 90,
    revoked: [
      { sku: 'gold_coin', quantity: 3 },
      { sku: 'sword', quantity: 1 },
    ],
    order_status: 'REFUNDED',
  });
  expect(await ask({})).toMatchObject({ code: 'already_refunded' });
  expect(await wallet.players.get(p)).toMatchObject({ balance: 1_000 });
});

test('credits that an item gave are taken back with it, below zero when it is forced', async () => {
  await put('pack', { name: 'Pack', kind: 'currency', price: 900, grants: 1_000 });
  const order = await buy([{ sku: 'pack', quantity: 1 }]);
  expect(order.balance_after).toBe(1_100);
  await wallet.spends.create(p, { amount: 1_050 }, key());
  const ask = (revoke: 'unused' | 'force') =>
    wallet.orders.refund(p, order.order_id, { revoke }, key());
  expect(await ask('unused')).toMatchObject({ code: 'clawback_insufficient_funds' });
  expect(done(await ask('force'))).toMatchObject({
    amount: 900,
    clawed_back: 1_000,
    balance_after: -50,
  });
  expect(await wallet.spends.create(p, { amount: 1 }, key())).toMatchObject({
    code: 'insufficient_funds',
  });
  expect(await wallet.audit()).toMatchObject({ ok: true, total: '0' });
});

test('daily limits count the bets of a UTC day, less what was rolled back', async () => {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.UTC(2030, 0, 1, 12) });
  const status = async (answer: Promise<{ status: string }>) => (await answer).status;
  await wallet.bet(bet(p, 100));
  await wallet.players.setLimits(p, { daily_stake: 300, daily_loss: 150 });
  // The 100 of before the limit count: it is a limit of the day.
  expect(await status(wallet.bet(bet(p, 60)))).toBe('RS_ERROR_LIMIT_REACHED');
  const second = bet(p, 50);
  expect(await status(wallet.bet(second))).toBe('RS_OK');
  expect(await status(wallet.bet(bet(p, 1)))).toBe('RS_ERROR_LIMIT_REACHED');
  await wallet.win(win(p, 150, second.transaction_uuid));
  expect(await status(wallet.bet(bet(p, 100)))).toBe('RS_OK');
  const undone = bet(p, 50);
  expect(await status(wallet.bet(undone))).toBe('RS_OK');
  expect(await status(wallet.bet(bet(p, 1)))).toBe('RS_ERROR_LIMIT_REACHED');
  await wallet.rollback(rollback(p, undone.transaction_uuid));
  expect(await status(wallet.bet(bet(p, 50)))).toBe('RS_OK');
  vi.setSystemTime(Date.UTC(2030, 0, 2));
  expect(await status(wallet.bet(bet(p, 150)))).toBe('RS_OK');
  expect(await status(wallet.bet(bet(p, 1)))).toBe('RS_ERROR_LIMIT_REACHED');
});

test.each(['counted along', 'read from the journal'])(
  'a rollback counts for the day of what it undoes (%s)',
  async (how) => {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.UTC(2031, 0, 1, 12) });
    const dataDir = newDirectory();
    let daily = await openWallet({ dataDir, partitions: 1 });
    const status = async (answer: Promise<{ status: string }>) => (await answer).status;
    const day = async (date: number): Promise<void> => {
      vi.setSystemTime(Date.UTC(2031, 0, date, 12));
      // Whether the day is in memory makes no difference.
      if (how !== 'counted along') {
        await daily.close();
        daily = await openWallet({ dataDir, partitions: 1 });
      }
    };
    await daily.createUsers(['q']);
    await daily.players.setLimits('q', { daily_stake: 50, daily_loss: 50 });
    const first = bet('q', 50);
    expect(await status(daily.bet(first))).toBe('RS_OK');
    await day(2);
    expect(await status(daily.bet(bet('q', 10)))).toBe('RS_OK');
    expect(await status(daily.rollback(rollback('q', first.transaction_uuid)))).toBe('RS_OK');
    expect(await status(daily.bet(bet('q', 41)))).toBe('RS_ERROR_LIMIT_REACHED');
    expect(await status(daily.bet(bet('q', 40)))).toBe('RS_OK');
    await day(3);
    const played = bet('q', 1);
    const won = win('q', 500, played.transaction_uuid);
    await daily.bet(played);
    await daily.win(won);
    await day(4);
    expect(await status(daily.rollback(rollback('q', won.transaction_uuid)))).toBe('RS_OK');
    expect(await status(daily.bet(bet('q', 50)))).toBe('RS_OK');
    expect(await status(daily.bet(bet('q', 1)))).toBe('RS_ERROR_LIMIT_REACHED');
    await daily.close();
  },
);

test('every opening balance has an id of its own', async () => {
  await wallet.createUsers(['one', 'two']);
  const [one, two] = await Promise.all(
    ['one', 'two'].map(async (player) => {
      const page = await wallet.transactions.list(player, { type: 'OPENING' });
      return page.ok ? page.value.data[0]?.transaction_id : undefined;
    }),
  );
  expect(one).not.toBe(two);
  expect(await wallet.transactions.get('one', String(one))).toMatchObject({ ok: true });
  expect(await wallet.transactions.get('two', String(one))).toMatchObject({ code: 'not_found' });
});

test('a purchase and an order under one key are two requests', async () => {
  const options = { idempotencyKey: 'bought' };
  const bought = await wallet.accounts.purchase(p, { item: 'gold_coin' }, options);
  expect(bought).toMatchObject({ ok: true, replayed: false });
  expect(await wallet.accounts.purchase(p, { item: 'gold_coin' }, options)).toMatchObject({
    ok: true,
    replayed: true,
  });
  const reused = { ok: false, code: 'idempotency_key_reused' };
  const more = { item: 'gold_coin', quantity: 1 };
  expect(await wallet.accounts.purchase(p, more, options)).toMatchObject(reused);
  const body = { lines: [{ sku: 'gold_coin', quantity: 1 }], complete: true };
  expect(await wallet.orders.create(p, body, options)).toMatchObject(reused);
});

test('what is kept beside balances is there after a restart, from checkpoint and journal', async () => {
  const dataDir = newDirectory();
  let kept = await openWallet({ dataDir, partitions: 2 });
  await kept.accounts.signup({ username: 'ann', password: 'pass' });
  await kept.accounts.topUp('ann', { amount: 1_000 });
  await kept.players.setLimits('ann', { max_bet: 5, daily_stake: 7 });
  const lines = [{ sku: 'gold_coin', quantity: 3 }];
  const seen = async () => ({
    orders: await kept.orders.list('ann'),
    lots: await kept.entitlements.list('ann'),
    player: await kept.players.get('ann'),
    state: await kept.accounts.balance('ann'),
    login: await kept.accounts.verify('ann', 'pass'),
  });
  for (let round = 0; round < 3; round++) {
    await kept.orders.create('ann', { lines, complete: true }, key());
    await kept.orders.create('ann', { lines }, key());
    const before = await seen();
    await kept.close();
    kept = await openWallet({ dataDir });
    expect(await seen()).toEqual(before);
    expect(before.state).toMatchObject({ value: { owned: { gold_coin: 3 * (round + 1) } } });
    expect(await kept.bet(bet('ann', 6))).toMatchObject({ status: 'RS_ERROR_LIMIT_REACHED' });
  }
  expect(await kept.audit()).toMatchObject({ ok: true, orders: 6, entitlements: 3 });
  await kept.close();
});

test('a cursor belongs to its player, its list and its filters', async () => {
  await wallet.players.create({ player_id: 'q', initial_balance: 10 });
  for (let i = 0; i < 3; i++) await wallet.spends.create(p, { amount: 1 }, key());
  const page = done(await wallet.transactions.list(p, { limit: 2, type: 'SPEND' }));
  const cursor = page.next_cursor ?? '';
  const next = done(await wallet.transactions.list(p, { limit: 2, type: 'SPEND', cursor }));
  expect(next).toMatchObject({ data: [{ balance_after: 999 }], next_cursor: null });
  for (const other of [
    wallet.transactions.list(p, { cursor }),
    wallet.transactions.list('q', { type: 'SPEND', cursor }),
    wallet.orders.list(p, { cursor }),
    wallet.transactions.list(p, { type: 'SPEND', cursor: `${cursor}A` }),
  ]) {
    expect(await other).toMatchObject({ code: 'invalid_cursor' });
  }
});

test('a signup retried with its key is answered again, with another password it is refused', async () => {
  const options = key();
  const body = { username: 'zoe', password: 'secret' };
  const first = await wallet.accounts.signup(body, options);
  expect(await wallet.accounts.signup(body, options)).toEqual({ ...first, replayed: true });
  const other = await wallet.accounts.signup({ ...body, password: 'other!' }, options);
  expect(other).toMatchObject({ code: 'idempotency_key_reused' });
  expect(await wallet.accounts.signup(body)).toMatchObject({ code: 'username_taken' });
});

test.each([
  ['a', 'abc'],
  ['a', 'x'.repeat(1_025)],
  ['a', '\ud800long'],
  ['', 'secret'],
  ['me', 'secret'],
  ['new\nline', 'secret'],
  ['x'.repeat(256), 'secret'],
])('nobody signs up as %j with %j', async (username, password) => {
  const signed = await wallet.accounts.signup({ username, password });
  expect(signed).toMatchObject({ ok: false, code: 'validation_failed' });
});

test('usernames are NFC: one name, however it is typed', async () => {
  const composed = 'ren\u00e9';
  expect(await wallet.accounts.signup({ username: composed, password: 'secret' })).toMatchObject({
    value: { player_id: composed },
  });
  const decomposed = { username: 'rene\u0301', password: 'secret' };
  expect(await wallet.accounts.signup(decomposed)).toMatchObject({ code: 'username_taken' });
  expect(await wallet.accounts.verify(decomposed.username, 'secret')).toBe('valid');
});

test('of a name or password that is too long it is not asked how long it is in NFC', async () => {
  const normalize = vi.spyOn(String.prototype, 'normalize');
  const marks = `a${'\u0301\u0323'.repeat(40_000)}`;
  for (const pair of [{ username: marks }, { password: marks }]) {
    const body = { username: 'zed', password: 'secret', ...pair };
    expect(await wallet.accounts.signup(body)).toMatchObject({ code: 'validation_failed' });
    expect(await wallet.accounts.verify(body.username, body.password)).toBe('invalid');
  }
  expect(normalize.mock.contexts.map(String)).not.toContain(marks);
  normalize.mockRestore();
  // The longest name there is, as it may be typed.
  const username = 'u\u0308\u0304'.repeat(127);
  expect(await wallet.accounts.signup({ username, password: 'secret' })).toMatchObject({
    value: { player_id: '\u01d6'.repeat(127) },
  });
});

/** Whatever is asked, in whatever order: the audit decides every request once more. */
test('any sequence of requests leaves a journal that verifies', { timeout: 60_000 }, async () => {
  await reopen();
  await wallet.players.create({ player_id: p, initial_balance: 1_000 });
  await put('sword', { name: 'Sword', kind: 'durable', price: 30 });
  await put('pack', { name: 'Pack', kind: 'currency', price: 9, grants: 10 });
  await put('free', { name: 'Free', kind: 'consumable', price: 0, max_per_player: 4 });
  const some = <T>(list: readonly T[], n: number): T | undefined => list[n % (list.length || 1)];
  const orders: string[] = [];
  const spends: string[] = [];
  const step = fc.record({
    what: fc.constantFrom(
      'credit',
      'spend',
      'refund',
      'order',
      'complete',
      'cancel',
      'give',
      'use',
    ),
    n: fc.nat(200),
    amount: fc.integer({ min: 1, max: 400 }),
    sku: fc.constantFrom('sword', 'pack', 'free', 'gold_coin'),
    complete: fc.boolean(),
    revoke: fc.constantFrom('unused', 'force', 'none'),
  });
  type Given = (typeof step)['generate'] extends (...args: never[]) => { value: infer V }
    ? V
    : never;
  const perform = async ({ what, n, amount, sku, complete, revoke }: Given): Promise<void> => {
    const order = some(orders, n) ?? 'ord_none';
    switch (what) {
      case 'credit':
        await wallet.credits.add(p, { amount, reason: 'REWARD' }, key());
        return;
      case 'spend': {
        const spent = await wallet.spends.create(p, { amount }, key());
        if (spent.ok) spends.push(spent.value.transaction_id);
        return;
      }
      case 'refund':
        await wallet.spends.refund(p, some(spends, n) ?? 'tx_none', { amount }, key());
        return;
      case 'order': {
        const lines = [{ sku, quantity: sku === 'sword' ? 1 : 1 + (n % 3) }];
        const made = await wallet.orders.create(p, { lines, complete }, key());
        if (made.ok) orders.push(made.value.order_id);
        return;
      }
      case 'complete':
        await wallet.orders.complete(p, order, key());
        return;
      case 'cancel':
        await wallet.orders.cancel(p, order, key());
        return;
      case 'give': {
        const body = complete ? { revoke } : { lines: [{ sku, quantity: 1 }], revoke };
        await wallet.orders.refund(p, order, body, key());
        return;
      }
      case 'use': {
        const lot = some(
          (await lots()).filter(({ status }) => status === 'ACTIVE'),
          n,
        );
        const id = lot?.entitlement_id ?? 'ent_none';
        if (complete) await wallet.entitlements.consume(p, id, { quantity: 1 }, key());
        else await wallet.entitlements.revoke(p, id, {}, key());
      }
    }
  };
  const steps = fc.sample(step, { numRuns: 600, seed: 42 });
  for (let from = 0; from < steps.length; from += 20) {
    await Promise.all(steps.slice(from, from + 20).map((one) => perform(one as Given)));
  }
  expect(orders.length).toBeGreaterThan(50);
  const audit = await wallet.audit();
  expect(audit).toMatchObject({ ok: true, total: '0' });
  expect(audit.orders).toBe(orders.length);
  for (const lot of await lots()) {
    const { granted, remaining, consumed, revoked, expired } = lot;
    expect(granted).toBe(remaining + consumed + revoked + expired);
  }
});

test('close ends an audit that is under way, and whoever waits for the next one hears so', async () => {
  const short = await openWallet({ partitions: 1 });
  await short.createUsers(['alice']);
  const processes = (): number =>
    process.getActiveResourcesInfo().filter((name) => name === 'ProcessWrap').length;
  const before = processes();
  const asked = Promise.allSettled([short.audit(), short.audit()]);
  await short.close();
  // What Node keeps of a process that has ended is gone some turns later.
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
  expect(processes()).toBe(before);
  for (const one of await asked) {
    expect(one).toMatchObject({
      status: 'rejected',
      reason: { name: 'EngineError', code: 'closed' },
    });
  }
});

test('an audit sees what was answered before it was asked for', async () => {
  const dataDir = newDirectory();
  const wallet = await openWallet({ dataDir, partitions: 1 });
  await wallet.createUsers(['a']);
  const early = wallet.audit();
  await wallet.createUsers(['b', 'c']);
  const [late, other] = await Promise.all([wallet.audit(), wallet.audit()]);
  expect((await early).ok).toBe(true);
  expect(late).toMatchObject({ ok: true, players: 3 });
  expect(other).toEqual(late);
  await wallet.close();
});

test('a pack of credits that is given back is no longer owned, and may be bought again', async () => {
  const pack = {
    name: 'Pack',
    kind: 'currency',
    price: 90,
    grants: 100,
    max_per_player: 1,
  } as const;
  await put('bundle', pack);
  const { order_id } = await buy([{ sku: 'bundle', quantity: 1 }]);
  const refund = done(await wallet.orders.refund(p, order_id, {}, key()));
  expect(refund).toMatchObject({ amount: 90, clawed_back: 100, revoked: [{ quantity: 1 }] });
  expect(await lots()).toMatchObject([{ status: 'REVOKED', consumed: 0, revoked: 1 }]);
  expect(await buy([{ sku: 'bundle', quantity: 1 }])).toMatchObject({ status: 'COMPLETED' });
});

test('what comes for a payment that is held is held too, and not called done', async () => {
  const payment = { provider: 'psp', amount: 100 };
  const { payment_id } = done(await wallet.payments.create(p, payment, key()));
  const tell = async (event_id: string, amount: number) => {
    const event = { event_id, type: 'payment.succeeded', payment_id, amount } as const;
    return done(await wallet.payments.receive('psp', event)).status;
  };
  expect(await tell('e1', 1)).toBe('review');
  expect(await tell('e1', 1)).toBe('duplicate');
  expect(await tell('e2', 1)).toBe('duplicate');
  expect(await tell('e3', 100)).toBe('review');
});

test('a callback that names a payment by its id says what its reference means', async () => {
  const payment = { provider: 'psp', amount: 100 };
  const { payment_id } = done(await wallet.payments.create(p, payment, key()));
  const provider_ref = 'ch_late';
  const paid = { event_id: 'e1', type: 'payment.succeeded', payment_id, provider_ref } as const;
  expect(done(await wallet.payments.receive('psp', paid)).status).toBe('applied');
  expect(done(await wallet.payments.receive('psp', paid)).status).toBe('duplicate');
  const back = { event_id: 'e2', type: 'payment.refunded', provider_ref } as const;
  expect(done(await wallet.payments.receive('psp', back)).status).toBe('applied');
  const seen = done(await wallet.payments.get(p, payment_id));
  expect(seen).toMatchObject({ status: 'REFUNDED', refunded_amount: 100 });
});

test('what a provider gave back while its payment is held can be seen', async () => {
  const payment = { provider: 'psp', amount: 100 };
  const { payment_id } = done(await wallet.payments.create(p, payment, key()));
  const tell = async (event_id: string, event: object) => {
    const all = { event_id, payment_id, ...event } as Parameters<Wallet['payments']['receive']>[1];
    return done(await wallet.payments.receive('psp', all)).status;
  };
  expect(await tell('e1', { type: 'payment.succeeded', amount: 40 })).toBe('review');
  expect(await tell('e2', { type: 'payment.refunded', amount_refunded: 40 })).toBe('review');
  expect(await tell('e3', { type: 'payment.refunded', amount_refunded: 40 })).toBe('duplicate');
  expect(await tell('e4', { type: 'payment.failed' })).toBe('review');
  expect(done(await wallet.payments.get(p, payment_id))).toMatchObject({
    ...{ status: 'REVIEW', received_amount: 40, refunded_amount: 40 },
  });
});

test('of an order that was free no money can be given back', async () => {
  await put('gift', { name: 'Gift', kind: 'consumable', price: 0 });
  const { order_id } = await buy([{ sku: 'gift', quantity: 1 }]);
  const asked = { amount: 1, revoke: 'none' } as const;
  expect(await wallet.orders.refund(p, order_id, asked, key())).toMatchObject({
    code: 'refund_exceeds_remaining',
    members: { max_refundable: 0 },
  });
});

test('a refund by force says of each unit why it could not be taken back', async () => {
  await put('tonic', { name: 'Tonic', kind: 'consumable', price: 10 });
  const { order_id } = await buy([{ sku: 'tonic', quantity: 6 }]);
  const [lot] = await lots();
  const id = lot?.entitlement_id ?? '';
  await wallet.entitlements.consume(p, id, { quantity: 2 }, key());
  await wallet.entitlements.revoke(p, id, { quantity: 1 }, key());
  expect(done(await wallet.orders.refund(p, order_id, { revoke: 'force' }, key()))).toMatchObject({
    amount: 60,
    revoked: [{ quantity: 3 }],
    warnings: ['consumed: 2 of tonic', 'already_revoked: 1 of tonic'],
  });
});

test('there is an end to the lots of one item that have not ended', async () => {
  vi.useFakeTimers({ toFake: ['Date'] });
  const pass = { name: 'Pass', kind: 'consumable', price: 0, duration: 3_600 } as const;
  await put('pass', pass);
  const order = () => {
    const lines = [{ sku: 'pass', quantity: 1 }];
    return wallet.orders.create(p, { lines, complete: true }, key());
  };
  for (let hundred = 0; hundred < 10; hundred++) {
    const made = await Promise.all(Array.from({ length: 100 }, order));
    expect(made.every(({ ok }) => ok)).toBe(true);
  }
  expect(await order()).toMatchObject({ code: 'limit_reached', members: { lots: 1_000 } });
  vi.setSystemTime(Date.now() + 3_601_000);
  expect(await order()).toMatchObject({ ok: true });
});

test('callbacks of two types under one event id wait both', async () => {
  const [event_id, provider_ref] = ['e1', 'ch_1'];
  for (const event of [
    { type: 'payment.succeeded', amount: 100 },
    { type: 'payment.refunded', amount_refunded: 40 },
  ] as const) {
    const told = await wallet.payments.receive('psp', { event_id, provider_ref, ...event });
    expect(done(told)).toEqual({ status: 'parked' });
  }
  const payment = { provider: 'psp', amount: 100, provider_ref };
  const { payment_id } = done(await wallet.payments.create(p, payment, key()));
  await vi.waitFor(async () => {
    const seen = done(await wallet.payments.get(p, payment_id));
    expect(seen).toMatchObject({ status: 'SUCCEEDED', refunded_amount: 40 });
  });
});
