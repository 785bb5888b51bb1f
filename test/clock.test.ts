import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { openWallet, type Wallet } from 'purser';
import { afterEach, expect, test, vi } from 'vitest';
import { openJournal } from '../dist/partitions/journal.js';
import { journalDirectory } from '../dist/partitions/journal-file.js';
import { lastBefore, momentOf } from '../dist/partitions/moment.js';
import { newDirectory } from './support/directory.js';
import { exchange } from './support/exchange.js';
import { main, run, serve } from './support/server.js';
import { apiKeys, ShopServer } from './support/shop-server.js';

const PLAYERS = Array.from({ length: 8 }, (_, i) => `player${i}`);
const HOUR_MS = 3_600_000;

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

/** For this process and those that it starts. */
function putBack(by_ms: number): void {
  const now = Date.now.bind(Date);
  vi.spyOn(Date, 'now').mockImplementation(() => now() - by_ms);
  const script = `const now = Date.now; Date.now = () => now() - ${by_ms};`;
  vi.stubEnv('NODE_OPTIONS', `--import data:text/javascript,${encodeURIComponent(script)}`);
}

/** Transfers around a ring until it is told to stop; gives how many there were. */
function transferring(wallet: Wallet, name: string): () => Promise<number> {
  let done = 0;
  let going = true;
  const all = PLAYERS.map(async (player, i) => {
    const to = PLAYERS[(i + 1) % PLAYERS.length] as string;
    for (let n = 0; going; n++) {
      const idempotencyKey = `${name}-${i}-${n}`;
      const sent = await wallet.transfers.create(player, { to, amount: 1 }, { idempotencyKey });
      expect(sent.ok).toBe(true);
      done += 1;
      await wait(1);
    }
  });
  return async () => {
    going = false;
    await Promise.all(all);
    return done;
  };
}

/** Audits and a backup beside transfers: each sees one moment of both partitions. */
async function look(wallet: Wallet, dataDir: string, name: string): Promise<void> {
  const first = await transferring(wallet, `${name}-before`);
  await wait(50);
  expect(await first()).toBeGreaterThan(0);
  const { entries: known } = await wallet.audit();
  const stop = transferring(wallet, name);
  for (let audit = 0; audit < 2; audit++) {
    const { ok, fault, entries } = await wallet.audit();
    expect({ ok, fault }).toEqual({ ok: true, fault: undefined });
    expect(entries).toBeGreaterThanOrEqual(known);
  }
  const copy = newDirectory();
  await promisify(execFile)(process.execPath, [main, 'backup', '--data', dataDir, '--to', copy]);
  expect(await stop()).toBeGreaterThan(0);
  expect(run('verify', '--data', copy)).toMatchObject({ code: 0, err: '' });
}

test('after the clock was put back, audits and copies see one moment of all partitions, also after a restart', async () => {
  const dataDir = newDirectory();
  let wallet = await openWallet({ dataDir, partitions: 2 });
  for (const player_id of PLAYERS) await wallet.players.create({ player_id, initial_balance: 999 });
  putBack(HOUR_MS);
  await look(wallet, dataDir, 'running');
  await wallet.close();
  wallet = await openWallet({ dataDir });
  await look(wallet, dataDir, 'restarted');
  await wallet.close();
});

test('what comes after a moment does not belong to it, also right after the clock was put back', async () => {
  const dataDir = newDirectory();
  const wallet = await openWallet({ dataDir, partitions: 1 });
  await wallet.createUsers(['a']);
  putBack(HOUR_MS);
  const directory = join(dataDir, 'partition-0');
  const before = await momentOf([directory]);
  await wallet.createUsers(['b']);
  const options = { durability: 'disk', readOnly: true } as const;
  const journal = openJournal(journalDirectory(directory), options);
  expect(lastBefore(journal, before)).toBe(journal.last - 1);
  await journal.close();
  await wallet.close();
});

test('time goes on while the clock is behind what was already recorded', async () => {
  const wallet = await openWallet({ partitions: 1 });
  await wallet.players.create({ player_id: 'a' });
  const add = async (idempotencyKey: string): Promise<number> => {
    const credit = { amount: 1, reason: 'BONUS' } as const;
    const added = await wallet.credits.add('a', credit, { idempotencyKey });
    if (!added.ok) throw new Error(added.code);
    return Date.parse(added.value.created_at);
  };
  const first = await add('first');
  putBack(HOUR_MS);
  const second = await add('second');
  await wait(30);
  const third = await add('third');
  expect(second).toBeGreaterThanOrEqual(first);
  expect(third).toBeGreaterThanOrEqual(second + 25);
  expect(third).toBeLessThan(first + HOUR_MS);
  await wallet.close();
});

test('after the clock was put back a disk that fills up is still noticed', async () => {
  const shop = await new ShopServer(1).start();
  const headers = {
    authorization: `Bearer ${apiKeys.svc}`,
    'content-type': 'application/json',
  };
  const create = async (player_id: string): Promise<number> => {
    const body = JSON.stringify({ player_id });
    const { status } = await exchange(shop.url, 'POST', '/v1/players', headers, body);
    return status;
  };
  expect(await create('before')).toBe(201);
  await shop.advance(-HOUR_MS);
  shop.setFullDisk(true);
  let count = 0;
  const next = (): Promise<number> => create(`player${count++}`);
  await expect.poll(next, { timeout: 10_000, interval: 200 }).toBe(503);
  shop.setFullDisk(false);
  expect(await create('after')).toBe(201);
  expect(await shop.stop()).toBe(0);
});

test('after the clock was put back logins are limited for no more than a minute', async () => {
  const directory = newDirectory();
  const clock = `${dirname(directory)}/clock`;
  writeFileSync(clock, '0');
  const hook = pathToFileURL(join(import.meta.dirname, 'support/clock.mjs')).href;
  const server = await serve(['--data', directory, '--login-rate', '1'], {
    NODE_OPTIONS: `--import ${hook}`,
    PURSER_TEST_CLOCK: clock,
  });
  const login = async (): Promise<unknown> => {
    const { status, headers } = await server.post('/login', { username: 'a', password: 'none' });
    return { status, soon: Number(headers.get('retry-after')) <= 60 };
  };
  expect(await login()).toMatchObject({ status: 401 });
  expect(await login()).toEqual({ status: 429, soon: true });
  writeFileSync(clock, `${-HOUR_MS}`);
  // The server looks at that file now and then.
  await wait(50);
  expect(await login()).toMatchObject({ status: 401 });
  expect(await login()).toEqual({ status: 429, soon: true });
  await server.stop();
});
