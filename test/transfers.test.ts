import { setTimeout as wait } from 'node:timers/promises';
import { openWallet, type Transaction, type Wallet } from 'purser';
import { expect, test } from 'vitest';
import { newDirectory } from './support/directory.js';
import { faultOf } from './support/fault-of.js';
import { type Server, serve } from './support/server.js';
import { hasStrace, tracer } from './support/tracer.js';

const PLAYERS = Array.from({ length: 8 }, (_, i) => `player${i}`);

async function settled(wallet: Wallet): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const { ok, in_transit } = await wallet.audit();
    expect(ok).toBe(true);
    if (in_transit.messages === 0) return;
  }
  throw new Error('money stays in transit');
}

/** Of all pages: on a busy machine one may end early. */
async function historyOf(wallet: Wallet, player: string): Promise<readonly Transaction[]> {
  const lines: Transaction[] = [];
  for (let cursor: string | undefined; ; ) {
    const page = await wallet.transactions.list(player, cursor === undefined ? {} : { cursor });
    if (!page.ok) throw new Error(page.code);
    lines.push(...page.value.data);
    if (page.value.next_cursor === null) return lines;
    cursor = page.value.next_cursor;
  }
}

async function typesOf(wallet: Wallet, player: string): Promise<readonly string[]> {
  return (await historyOf(wallet, player)).map(({ type }) => type);
}

test.each([1, 4])(
  'a transfer arrives once, and comes back when it cannot (%i partitions)',
  async (partitions) => {
    const wallet = await openWallet({ partitions });
    for (const player_id of PLAYERS)
      await wallet.players.create({ player_id, initial_balance: 100 });
    await wallet.players.create({ player_id: 'abroad', currency: 'EUR' });
    await wallet.players.create({ player_id: 'gone' });
    await wallet.players.setStatus('gone', 'DISABLED');
    for (const to of [...PLAYERS.slice(1), 'abroad', 'gone', 'nobody', 'é'.repeat(200)]) {
      const sent = await wallet.transfers.create(
        'player0',
        { to, amount: 5 },
        { idempotencyKey: encodeURI(to).slice(0, 9) },
      );
      expect(sent).toMatchObject({ ok: true, value: { type: 'TRANSFER_OUT', counterparty: to } });
    }
    await settled(wallet);
    expect(await wallet.players.get('player0')).toMatchObject({ balance: 100 - 7 * 5 });
    for (const player of PLAYERS.slice(1)) {
      expect(await wallet.players.get(player)).toMatchObject({ balance: 105 });
      expect(await typesOf(wallet, player)).toEqual(['TRANSFER_IN', 'OPENING']);
    }
    const lines = await historyOf(wallet, 'player0');
    const back = lines.filter(({ type }) => type === 'TRANSFER_RETURN');
    expect(back).toHaveLength(4);
    for (const { refund_of, counterparty, amount } of back) {
      const sent = lines.find(({ transaction_id }) => transaction_id === refund_of);
      expect(sent).toMatchObject({ type: 'TRANSFER_OUT', counterparty, amount });
    }
    expect((await wallet.books()).accounts['transit']).toBe(0n);
    await wallet.close();
  },
);

test('what a transfer needs is refused before anything moves', async () => {
  const wallet = await openWallet({ partitions: 1 });
  await wallet.players.create({ player_id: 'a', initial_balance: 10 });
  const ask = (to: string, amount: number) =>
    wallet.transfers.create('a', { to, amount }, { idempotencyKey: `${to}${amount}` });
  expect(await ask('b', 11)).toMatchObject({ code: 'insufficient_funds' });
  expect(await ask('a', 1)).toMatchObject({ code: 'validation_failed' });
  expect(await ask('b', 0)).toMatchObject({ code: 'validation_failed' });
  expect(await ask('b', 1.5)).toMatchObject({ code: 'validation_failed' });
  await wallet.players.setStatus('a', 'DISABLED');
  expect(await ask('b', 1)).toMatchObject({ code: 'account_disabled' });
  expect(await wallet.players.get('a')).toMatchObject({ balance: 10 });
  await wallet.close();
});

test('a return waits while the sender has no room for it', async () => {
  const wallet = await openWallet({ partitions: 2 });
  const initial_balance = Number.MAX_SAFE_INTEGER;
  await wallet.players.create({ player_id: 'full', initial_balance });
  const credit = { amount: 100, reason: 'BONUS' } as const;
  // The credit is in the same batch as the transfer: it is there before the return can be.
  const [sent] = await Promise.all([
    wallet.transfers.create('full', { to: 'nobody', amount: 100 }, { idempotencyKey: 't' }),
    wallet.credits.add('full', credit, { idempotencyKey: 'c' }),
  ]);
  expect(sent).toMatchObject({ ok: true });
  await wait(100);
  expect((await wallet.audit()).in_transit).toEqual({ messages: 1, amount: '100' });
  await wallet.spends.create('full', { amount: 100 }, { idempotencyKey: 's' });
  await settled(wallet);
  expect(await wallet.players.get('full')).toMatchObject({ balance: initial_balance });
  await wallet.close();
});

interface Transfer {
  readonly from: string;
  readonly to: string;
  readonly key: string;
  answered: boolean;
}

function transfersOf(round: number): Transfer[] {
  return PLAYERS.map((from, i) => {
    const to = i === 7 ? 'nobody' : (PLAYERS[(i + round + 1) % 8] as string);
    return { from, to: to === from ? 'nobody' : to, key: `round-${round}`, answered: false };
  });
}

async function send(server: Server, { from, to, key }: Transfer): Promise<number> {
  const body = { to, amount: 3 };
  const response = await server.post(`/v1/players/${from}/transfers`, body, {
    'idempotency-key': key,
  });
  await response.arrayBuffer();
  return response.status;
}

async function balances(server: Server): Promise<number[]> {
  const answers = PLAYERS.map(async (player) => {
    const response = await fetch(`${server.url}/v1/players/${player}`);
    return Number(((await response.json()) as { balance: number }).balance);
  });
  return Promise.all(answers);
}

async function untilNothingIsUnderWay(server: Server): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt++) {
    const audit = (await (await fetch(`${server.url}/v1/audit`)).json()) as {
      ok: boolean;
      in_transit: { messages: number };
    };
    expect(audit).toMatchObject({ ok: true, total: '0' });
    if (audit.in_transit.messages === 0) return;
    await wait(50);
  }
  throw new Error('money stays in transit');
}

/** With every sync held back, the moments of the kill fall into every step of a transfer. */
test.skipIf(!hasStrace)(
  'a crash at any step of a transfer loses nothing and repeats nothing',
  { timeout: 90_000 },
  async () => {
    const directory = newDirectory();
    const args = ['--data', directory, '--partitions', '2'];
    const wallet = await openWallet({ dataDir: directory, partitions: 2 });
    for (const player_id of PLAYERS)
      await wallet.players.create({ player_id, initial_balance: 1_000 });
    await wallet.close();
    const held = tracer(['trace=fdatasync', 'inject=fdatasync:delay_enter=60000']);
    let returned = 0;
    for (const [round, moment] of [20, 110, 200].entries()) {
      const slow = await serve(args, {}, held);
      const transfers = transfersOf(round);
      const calls = transfers.map(async (transfer) => {
        const status = await send(slow, transfer).catch(() => 0);
        transfer.answered = status === 201;
      });
      await wait(moment);
      await slow.kill();
      await Promise.all(calls);
      const server = await serve(args);
      await untilNothingIsUnderWay(server);
      for (const transfer of transfers) expect(await send(server, transfer)).toBe(201);
      await untilNothingIsUnderWay(server);
      returned += transfers.filter(({ to }) => to === 'nobody').length;
      const now = await balances(server);
      expect(now.reduce((sum, balance) => sum + balance, 0)).toBe(8_000);
      await server.stop();
    }
    expect(returned).toBeGreaterThan(2);
    expect(await faultOf(directory)).toBeUndefined();
  },
);
