import { randomUUID } from 'node:crypto';
import { openWallet } from 'purser';
import { beforeEach, expect, test } from 'vitest';
import { readStore, writeStore } from './fuzz/store.js';
import { newDirectory } from './support/directory.js';
import { run } from './support/server.js';

let directory: string;

beforeEach(async () => {
  directory = newDirectory();
  const wallet = await openWallet({ dataDir: directory, partitions: 1 });
  await wallet.createUsers(['alice']);
  const lines = [{ sku: 'gold_coin', quantity: 2 }];
  const options = { by: 'service', idempotencyKey: randomUUID() } as const;
  await wallet.orders.create('alice', { lines, complete: true }, options);
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

test('verify reads every document of a checkpoint', async () => {
  await flip('doc:alice\0o:');
  const { code, err } = run('verify', '--data', directory);
  expect(code).toBe(1);
  expect(err).toMatch(
    /^purser: fault: partition 0: doc:alice o:ord_\w+ in the checkpoint does not fit its checksum\n$/,
  );
});
