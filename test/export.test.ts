import { randomUUID } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { openWallet, type Wallet } from 'purser';
import { expect, test } from 'vitest';
import { newDirectory } from './support/directory.js';
import { run } from './support/server.js';
import { bet } from './support/wallet-cases.js';

type Entry = Record<string, unknown> & { readonly time: string; readonly partition: number };

function exported(dataDir: string, ...options: readonly string[]): Entry[] {
  const { code, out, err } = run('export', '--data', dataDir, ...options);
  expect(code, err).toBe(0);
  return out
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
}

async function filled(
  partitions: number,
  fill: (wallet: Wallet) => Promise<void>,
): Promise<string> {
  const dataDir = newDirectory();
  const wallet = await openWallet({ dataDir, partitions });
  await fill(wallet);
  await wallet.close();
  return dataDir;
}

const users = ['alice', 'bob', 'carol', 'dave', 'eve'];

/** Bets of several users a few milliseconds apart. */
async function someBets(wallet: Wallet): Promise<void> {
  await wallet.createUsers(users);
  for (let i = 0; i < 20; i++) {
    await wallet.bet(bet(users[i % users.length] ?? '', 1));
    await wait(2);
  }
}

test('the first entries are the share of the treasury of each partition, and of nobody', async () => {
  const dataDir = await filled(3, async () => {});
  const entries = exported(dataDir);
  expect(entries.map(({ partition }) => partition).sort()).toEqual([0, 1, 2]);
  expect(entries.reduce((sum, { amount }) => sum + Number(amount), 0)).toBe(2_000_000_000);
  const first = entries.find(({ partition }) => partition === 0);
  expect(first).toEqual({
    partition: 0,
    sequence: 1,
    time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
    kind: 'genesis',
    user: '',
    currency: 'USD',
    amount: 666_666_667,
    balance_after: 0,
    version: 0,
    postings: [
      { account: 'issuance', amount: -666_666_667 },
      { account: 'treasury', amount: 666_666_667 },
    ],
  });
});

test('an entry has every field of its request by name, ids as they were sent, and no token', async () => {
  const id = '0a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d';
  const details = {
    round: 'ründe 7',
    game_code: 'clt_dragon',
    supplier_transaction_id: 'x'.repeat(300),
    supplier_user: 'cg_45141',
    bet: 'zero',
    reward_uuid: randomUUID(),
    meta: { b: { c: [1, null, 'é'] }, a: true },
  };
  const flags = { is_free: true, round_closed: true, is_aggregated: true, is_supplier_promo: true };
  const dataDir = await filled(1, async (wallet) => {
    await wallet.createUsers(['zoë "z", jr']);
    const ids = { transaction_uuid: id.toUpperCase(), request_uuid: id.toUpperCase() };
    const body = {
      user: 'zoë "z", jr',
      currency: 'USD',
      amount: 5,
      token: 'a-secret-of-the-session',
    };
    const answer = await wallet.bet({ ...body, ...ids, ...details, ...flags });
    expect(answer.status).toBe('RS_OK');
  });
  expect(exported(dataDir, '--user', 'zoë "z", jr').at(-1)).toEqual({
    partition: 0,
    sequence: 3,
    time: expect.any(String),
    kind: 'bet',
    user: 'zoë "z", jr',
    currency: 'USD',
    amount: 5,
    balance_after: 100_000,
    version: 2,
    transaction_uuid: id,
    request_uuid: id.toUpperCase(),
    postings: [],
    ...details,
    ...flags,
  });
  const csv = run('export', '--data', dataDir, '--format', 'csv').out;
  expect(csv).toContain(',"zoë ""z"", jr",USD,5,100000,2,');
  expect(csv).not.toContain('a-secret');
});

test('a table has no text that a spreadsheet would run, and numbers as they are', async () => {
  const names = ["=cmd|' /C calc'!A0", '+1', '-1', '@SUM(A1)', "'quoted", 'a=1'];
  const dataDir = await filled(1, async (wallet) => {
    await wallet.createUsers(names);
  });
  const { out } = run('export', '--data', dataDir, '--format', 'csv');
  const cells = out.split('\n').map((line) => line.split(',').slice(4, 7));
  expect(cells.slice(2, 8)).toEqual(
    names.map((name) => [name === 'a=1' ? name : `'${name}`, 'USD', '100000']),
  );
});

test('every kind of entry is there with what it posted', async () => {
  const stake = bet('alice', 40);
  const dataDir = await filled(1, async (wallet) => {
    await wallet.createUsers(['alice']);
    await wallet.bet(stake);
    const reference = { reference_transaction_uuid: stake['transaction_uuid'] };
    await wallet.win({ ...bet('alice', 70), ...reference });
    await wallet.rollback({ ...bet('alice', 0), ...reference });
    await wallet.players.setStatus('alice', 'DISABLED');
    await wallet.players.setLimits('alice', { max_bet: 10 });
  });
  const entries = exported(dataDir, '--user', 'alice');
  const shown = entries.map(({ kind, amount, balance_after, version, postings }) => {
    const moved = (postings as { amount: number }[]).map((posting) => posting.amount);
    return [kind, amount, balance_after, version, ...moved];
  });
  expect(shown).toEqual([
    ['open', 100_000, 100_000, 1, -100_000, 100_000],
    ['bet', 40, 99_960, 2, -40, 40],
    ['win', 70, 100_030, 3, 70, -70],
    ['rollback', 40, 100_070, 4, 40, -40],
    ['status', 0, 100_070, 5],
    ['limits', 0, 100_070, 6],
  ]);
  const named = entries.map((entry) => entry['reference_transaction_uuid']);
  const [id, none] = [stake['transaction_uuid'], undefined];
  expect(named).toEqual([none, none, id, id, none, none]);
  expect(entries[0]).not.toHaveProperty('transaction_uuid');
});

test('a change of a player says what was set, and no amount', async () => {
  const dataDir = await filled(1, async (wallet) => {
    await wallet.createUsers(['alice']);
    await wallet.players.setStatus('alice', 'DISABLED');
    await wallet.players.setStatus('alice', 'ACTIVE');
    await wallet.players.setLimits('alice', { max_bet: 10 });
    await wallet.players.setLimits('alice', {});
  });
  const [, ...changes] = exported(dataDir, '--user', 'alice');
  expect(changes).toMatchObject([
    { kind: 'status', status: 'DISABLED', amount: 0 },
    { kind: 'status', status: 'ACTIVE', amount: 0 },
    { kind: 'limits', limits: { max_bet: 10 }, amount: 0 },
    { kind: 'limits', limits: null, amount: 0 },
  ]);
});

test('entries of several partitions are merged by time, then partition, then sequence', async () => {
  const entries = exported(await filled(4, someBets));
  expect(entries.length).toBe(4 + users.length + 20);
  expect(new Set(entries.map(({ partition }) => partition)).size).toBeGreaterThan(1);
  const key = ({ time, partition, sequence }: Entry): string =>
    `${time}/${partition}/${String(sequence).padStart(9, '0')}`;
  expect(entries.map(key)).toEqual(entries.map(key).sort());
});

test('the filters keep one user, and the times from the first inclusive to the last exclusive', async () => {
  const dataDir = await filled(2, someBets);
  const all = exported(dataDir);
  expect(exported(dataDir, '--user', 'bob')).toEqual(all.filter(({ user }) => user === 'bob'));
  expect(exported(dataDir, '--user', 'nobody')).toEqual([]);
  const [from, to] = [all[8]?.time ?? '', all.at(-4)?.time ?? ''];
  const between = all.filter(({ time }) => time >= from && time < to);
  expect(between.length).toBeGreaterThan(0);
  expect(exported(dataDir, '--from', from, '--to', to)).toEqual(between);
  expect(exported(dataDir, '--from', to, '--to', from)).toEqual([]);
  const bobs = between.filter(({ user }) => user === 'bob');
  expect(exported(dataDir, '--from', from, '--to', to, '--user', 'bob')).toEqual(bobs);
});

test('a directory that is being served is exported as it stands', async () => {
  const dataDir = newDirectory();
  const wallet = await openWallet({ dataDir, partitions: 2 });
  await wallet.createUsers(users);
  expect(exported(dataDir).length).toBe(2 + users.length);
  await wallet.bet(bet('bob', 3));
  expect(exported(dataDir).at(-1)).toMatchObject({ kind: 'bet', user: 'bob', amount: 3 });
  await wallet.close();
});

test('a damaged frame ends the export with one line that says where', async () => {
  const dataDir = await filled(1, someBets);
  const journal = join(dataDir, 'partition-0', 'journal', 'data.mdb');
  const file = readFileSync(journal);
  for (let at = file.indexOf('PRJ1'); at >= 0; at = file.indexOf('PRJ1', at + 1)) {
    if (file.readDoubleLE(at + 16) === 5) file.writeUInt8(1, at + 76);
  }
  writeFileSync(journal, file);
  const { code, out, err } = run('export', '--data', dataDir);
  expect(code).toBe(2);
  // Five users came with frame 2, and a bet with each of the two behind it.
  expect(err).toBe('purser: partition 0, after sequence 8: does not fit its checksum\n');
  expect(out.trim().split('\n').length).toBe(8);
});

test('what is no data directory is refused with one line', () => {
  const dataDir = newDirectory();
  const err = `purser: ${dataDir} is no data directory of purser\n`;
  expect(run('export', '--data', dataDir)).toEqual({ code: 2, out: '', err });
  expect(run('export', '--data', dataDir, '--format', 'csv')).toEqual({ code: 2, out: '', err });
});

test('a table of nothing has its header', async () => {
  const dataDir = await filled(1, async () => {});
  const { code, out } = run('export', '--data', dataDir, '--format', 'csv', '--user', 'nobody');
  expect(code).toBe(0);
  expect(out).toMatch(/^partition,sequence,time,.*,postings\n$/);
});

test('a request is told under the id of the history, with what it moved', async () => {
  const dataDir = newDirectory();
  const wallet = await openWallet({ dataDir });
  await wallet.createUsers(['alice']);
  const added = await wallet.credits.add(
    'alice',
    { amount: 5, reason: 'BONUS' },
    { idempotencyKey: 'a' },
  );
  const spent = await wallet.spends.create('alice', { amount: 3 }, { idempotencyKey: 'b' });
  await wallet.close();
  const ids = [added, spent].map((one) => (one.ok ? one.value.transaction_id : undefined));
  expect(exported(dataDir).slice(-2)).toMatchObject([
    { kind: 'credit', amount: 5, transaction_uuid: ids[0], request: { reason: 'BONUS' } },
    { kind: 'spend', amount: 3, transaction_uuid: ids[1] },
  ]);
});
