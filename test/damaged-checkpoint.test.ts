import { randomUUID } from 'node:crypto';
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { EngineError, openWallet, type Wallet } from 'purser';
import { beforeAll, beforeEach, expect, test } from 'vitest';
import { readStore, writeStore } from './fuzz/store.js';
import { newDirectory, sharedDirectory } from './support/directory.js';
import { faultOf } from './support/fault-of.js';
import { withFaults } from './support/mutant-wallet.js';
import { run } from './support/server.js';
import { bet } from './support/wallet-cases.js';

let directory: string;
let right: unknown;

const filled = sharedDirectory();

beforeAll(async () => {
  const wallet = await openWallet({ dataDir: filled, partitions: 1 });
  await wallet.createUsers(['alice']);
  const lines = [{ sku: 'gold_coin', quantity: 2 }];
  const options = { by: 'service', idempotencyKey: randomUUID() } as const;
  await wallet.orders.create('alice', { lines, complete: true }, options);
  right = await wallet.orders.list('alice');
  await wallet.close();
});

/** Each test damages a copy. */
beforeEach(() => {
  directory = newDirectory();
  cpSync(filled, directory, { recursive: true });
});

/** One bit of the value whose key begins so. */
async function flip(prefix: string): Promise<void> {
  const values = await readStore(directory, 0, 'checkpoint');
  const one = values.find(({ key }) => key.toString('latin1').startsWith(prefix));
  if (one === undefined) throw new Error(`no key begins with ${prefix}`);
  one.bytes.writeUInt8(one.bytes.readUInt8(10) ^ 1, 10);
  await writeStore(directory, 0, 'checkpoint', [one]);
}

/** The process's warnings from now on. */
function warnings(): () => Promise<string[]> {
  const texts: string[] = [];
  const hear = ({ message }: Error) => texts.push(message);
  process.on('warning', hear);
  return async () => {
    await setImmediate();
    process.off('warning', hear);
    return texts;
  };
}

/** Asks until there is an answer; how many refusals came before it. */
async function insist(wallet: Wallet): Promise<{ refusals: number; answer: unknown }> {
  for (let refusals = 0; refusals < 5; refusals++) {
    try {
      return { refusals, answer: await wallet.orders.list('alice') };
    } catch (error) {
      expect(error).toBeInstanceOf(EngineError);
    }
  }
  throw new Error('it refuses for ever');
}

test('verify reads every document of a checkpoint', async () => {
  await flip('doc:alice\0o:');
  const { code, err } = run('verify', '--data', directory);
  expect(code).toBe(1);
  expect(err).toMatch(
    /^purser: fault: partition 0: doc:alice o:ord_\w+ in the checkpoint does not fit its checksum\n$/,
  );
});

test('a damaged document ends its checkpoint: the journal has what it said', async () => {
  await flip('doc:alice\0o:');
  const wallet = await openWallet({ dataDir: directory });
  expect(await insist(wallet)).toEqual({ refusals: 1, answer: right });
  await wallet.close();
  expect(await faultOf(directory)).toBeUndefined();
});

test('a checkpoint that is damaged where a start reads it is left with a warning that says so', async () => {
  const killed = newDirectory();
  const wallet = await openWallet({ dataDir: directory });
  await wallet.players.setLimits('alice', { max_bet: 5 });
  await wallet.close();
  const again = await openWallet({ dataDir: directory });
  await again.bet(bet('alice', 1));
  cpSync(directory, killed, { recursive: true });
  await again.close();
  directory = killed;
  await flip('doc:alice\0limits');
  const warned = warnings();
  const other = await openWallet({ dataDir: directory });
  expect(await warned()).toEqual([
    'partition 0: doc:alice limits in the checkpoint does not fit its checksum; ' +
      'replayed the journal from its beginning',
  ]);
  expect(await other.orders.list('alice')).toEqual({ ...(right as object), version: 4 });
  expect(await other.bet(bet('alice', 6))).toMatchObject({ status: 'RS_ERROR_LIMIT_REACHED' });
  await other.close();
});

test('after a replay of everything a checkpoint has runs of the usual size, and is whole', async () => {
  const openSmall = await withFaults({
    file: 'limits.js',
    find: 'checkpoint_run_bytes: 4 * MIB',
    replace: 'checkpoint_run_bytes: 4 * KIB',
  });
  const open = () => openSmall({ dataDir: directory, durability: 'process' });
  const bodies = Array.from({ length: 1000 }, () => bet('alice', 1));
  const operations = bodies.map((body) => ({ op: 'bet' as const, ...body }));
  const filled = await open();
  const answers = await filled.batch(operations);
  await filled.close();
  // The second is written beside runs of the first, of which the last was not full.
  for (const replayed of [true, false]) {
    if (replayed) rmSync(join(directory, 'partition-0', 'checkpoint'), { recursive: true });
    const wallet = await open();
    expect(await wallet.batch(operations)).toEqual(answers);
    await wallet.bet(bet('alice', 1));
    await wallet.close();
  }
  const values = await readStore(directory, 0, 'checkpoint');
  const runs = values.filter(({ key }) => key.toString().startsWith('run:'));
  // 16 bytes for each bet and the order.
  expect(runs.map(({ bytes }) => bytes.length - 4)).toEqual([4096, 4096, 4096, (1003 - 768) * 16]);
  expect(await faultOf(directory)).toBeUndefined();
});

test('a checkpoint of another seed than the manifest has is not used: the journal is', async () => {
  const path = join(directory, 'manifest.json');
  const { checksum: _, ...manifest } = JSON.parse(readFileSync(path, 'utf8'));
  writeFileSync(path, JSON.stringify({ ...manifest, seed: '0123456789abcdef' }));
  expect(run('verify', '--data', directory)).toMatchObject({
    code: 1,
    err: expect.stringMatching(/^purser: fault: partition 0: the checkpoint .* another seed .*\n$/),
  });
  const warned = warnings();
  const wallet = await openWallet({ dataDir: directory });
  expect(await warned()).toEqual([
    expect.stringMatching(/^partition 0: .* another seed .*; replayed /),
  ]);
  expect(await wallet.orders.list('alice')).toEqual(right);
  expect(await wallet.createUsers(['alice'])).toBe(0);
  await wallet.close();
});
