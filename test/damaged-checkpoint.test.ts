import { randomUUID } from 'node:crypto';
import { EngineError, openWallet, type Wallet } from 'purser';
import { beforeEach, expect, test } from 'vitest';
import { readStore, writeStore } from './fuzz/store.js';
import { newDirectory } from './support/directory.js';
import { run } from './support/server.js';

let directory: string;
let right: unknown;

beforeEach(async () => {
  directory = newDirectory();
  const wallet = await openWallet({ dataDir: directory, partitions: 1 });
  await wallet.createUsers(['alice']);
  const lines = [{ sku: 'gold_coin', quantity: 2 }];
  const options = { by: 'service', idempotencyKey: randomUUID() } as const;
  await wallet.orders.create('alice', { lines, complete: true }, options);
  right = await wallet.orders.list('alice');
  await wallet.close();
});

/** One bit of the value whose key begins so. */
async function flip(prefix: string): Promise<void> {
  const values = await readStore(directory, 0, 'checkpoint');
  const one = values.find(({ key }) => key.toString('latin1').startsWith(prefix));
  if (one === undefined) throw new Error(`no key begins with ${prefix}`);
  one.bytes.writeUInt8(one.bytes.readUInt8(10) ^ 1, 10);
  await writeStore(directory, 0, 'checkpoint', [one]);
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
  expect(run('verify', '--data', directory)).toMatchObject({ code: 0 });
});
