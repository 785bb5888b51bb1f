import { randomUUID } from 'node:crypto';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { openWallet } from 'purser';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { EntryVerifier } from '../dist/partitions/entry-verifier.js';
import { eachEntry, openFrame, recordOf } from '../dist/partitions/frame.js';
import { FrameStore } from '../dist/partitions/frame-store.js';
import { Hash } from '../dist/partitions/hash.js';
import { openJournal } from '../dist/partitions/journal.js';
import { LocationIndex } from '../dist/partitions/location-index.js';
import { amountOf } from '../dist/partitions/record.js';
import { SharedIds } from '../dist/partitions/shared-ids.js';
import { readStore } from './fuzz/store.js';
import { newDirectory } from './support/directory.js';
import { withFaults } from './support/mutant-wallet.js';
import { bet } from './support/wallet-cases.js';

const ROLLBACKS = 100;
const late = bet('alice', 5);
let directory: string;

beforeEach(() => {
  directory = newDirectory();
});

afterEach(() => {
  vi.restoreAllMocks();
});

/** Rollbacks of one transaction that nobody knows, each under an id of its own. */
const rollbacks = Array.from({ length: ROLLBACKS }, () => ({
  op: 'rollback' as const,
  user: 'alice',
  transaction_uuid: randomUUID(),
  request_uuid: randomUUID(),
  reference_transaction_uuid: late.transaction_uuid,
}));

/** Opens the directory, sends the rollbacks and closes it. */
async function rollBack(open = openWallet): Promise<void> {
  const wallet = await open({ dataDir: directory, partitions: 1, durability: 'process' });
  await wallet.createUsers(['alice', 'bob']);
  const answers = await wallet.batch(rollbacks);
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set(['RS_OK']));
  expect((await wallet.bet(late)).status).toBe('RS_ERROR_DUPLICATE_TRANSACTION');
  await wallet.close();
}

/** How many additions to the index of transactions the checkpoint has: 16 bytes each. */
async function additions(): Promise<number> {
  const values = await readStore(directory, 0, 'checkpoint');
  const runs = values.filter(({ key }) => key.toString().startsWith('run:'));
  return runs.reduce((sum, { bytes }) => sum + (bytes.length - 4) / 16, 0);
}

test('an id that is rolled back many times before it comes is noted once', async () => {
  await rollBack();
  expect(await additions()).toBe(ROLLBACKS + 1);
});

test('a replay notes it once, and so does what was noted by an older build', async () => {
  const openOlder = await withFaults(
    {
      file: 'partitions/transactions.js',
      find: 'if (this.#hasTombstone(bytes, referenceAt(start), start))\n                return;',
      replace: 'this.#hasTombstone(bytes, referenceAt(start), start);',
    },
    {
      file: 'partitions/checkpoint-store.js',
      find: 'const FORMAT = 5;',
      replace: 'const FORMAT = 4;',
    },
  );
  await rollBack(openOlder);
  expect(await additions()).toBe(2 * ROLLBACKS);
  // A checkpoint is written only after an entry.
  const wallet = await openWallet({ dataDir: directory, durability: 'process' });
  await wallet.bet(bet('bob', 1));
  await wallet.close();
  expect(await additions()).toBe(ROLLBACKS + 2);
  rmSync(join(directory, 'partition-0', 'checkpoint'), { recursive: true });
  const again = await openWallet({ dataDir: directory, durability: 'process' });
  expect((await again.bet(late)).status).toBe('RS_ERROR_DUPLICATE_TRANSACTION');
  await again.bet(bet('bob', 1));
  await again.close();
  expect(await additions()).toBe(ROLLBACKS + 3);
});

test('a verification remembers it once', async () => {
  await rollBack();
  const original = LocationIndex.prototype.insert;
  const insert = vi.spyOn(LocationIndex.prototype, 'insert');
  const noted: string[] = [];
  insert.mockImplementation(function (this: LocationIndex, hash, frame, at, state) {
    noted.push(`${hash.lane} ${hash.tag}`);
    original.call(this, hash, frame, at, state);
  });
  const journal = openJournal(join(directory, 'partition-0', 'journal'), {
    durability: 'process',
    readOnly: true,
  });
  const { seed } = JSON.parse(readFileSync(join(directory, 'manifest.json'), 'utf8'));
  const ids = new SharedIds(new Hash(Buffer.from(seed, 'hex')));
  const frameAt = (number: number) => openFrame(Buffer.from(journal.read(number) as Uint8Array));
  const first = frameAt(1);
  let supply = 0;
  eachEntry(first, (at) => {
    supply = amountOf(first, recordOf(first, at));
  });
  const share = { partition: 0, partitions: 1, supply };
  const verifier = new EntryVerifier(new FrameStore(journal), share, ids);
  for (let number = 1; number <= journal.last; number++) {
    const frame = frameAt(number);
    eachEntry(frame, (at) => verifier.verify(frame, number, at));
  }
  await journal.close();
  expect(verifier.users).toBe(2);
  expect(noted.length).toBe(ROLLBACKS + 1);
  expect(new Set(noted).size).toBe(noted.length);
});
