import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { openWallet } from 'purser';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { change } from '../dist/ledger/request.js';
import { limits } from '../dist/limits.js';
import { packChanges } from '../dist/partitions/request-record.js';
import { newDirectory } from './support/directory.js';
import { openPartition } from './support/partition.js';
import { bet } from './support/wallet-cases.js';

const KIB = 1024;
const usual = { ...limits };
let directory: string;

beforeEach(() => {
  directory = newDirectory();
});

afterEach(() => {
  Object.assign(limits, usual);
});

async function openNew() {
  return openWallet({ dataDir: directory, partitions: 1, durability: 'process' });
}

/** Forgets the checkpoint and counts how often a replay of everything writes documents. */
async function spillsOfReplay(): Promise<{ spills: number; frames: number }> {
  rmSync(join(directory, 'partition-0', 'checkpoint'), { recursive: true });
  const { journal, checkpoints, recovered, close } = openPartition(directory);
  const write = vi.spyOn(checkpoints, 'writeDocumentsNow');
  recovered();
  const spills = write.mock.calls.length;
  const frames = journal.last;
  await close();
  return { spills, frames };
}

test('a few large documents make a checkpoint due, as many small ones do', async () => {
  await (await openNew()).close();
  const { state, checkpoints, checkpointer, close } = openPartition(directory);
  Object.assign(limits, { changed_documents_bytes: 64 * KIB });
  const write = vi.spyOn(checkpoints, 'write');
  const large = packChanges([change('large', 'x'.repeat(10 * KIB))]);
  const written: number[] = [];
  // The same one again: what it was before takes its room until then.
  for (let n = 1; n <= 14; n++) {
    state.documents.apply('alice', large, 0);
    checkpointer.step();
    // There is no entry, so it waits for the one that was begun, and writes none.
    await checkpointer.finish();
    written.push(write.mock.calls.length);
  }
  expect(written).toEqual([0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 2]);
  expect(state.documents.read('alice', 'own', 'large')).toHaveLength(10 * KIB);
  await close();
});

test('a replay writes large documents before they fill the memory', async () => {
  const wallet = await openNew();
  // One document, which each of them writes again.
  for (let n = 0; n < 60; n++) {
    const event_id = `${n}${'x'.repeat(200)}`;
    const event = { event_id, type: 'payment.succeeded', provider_ref: 'r', amount: 5 } as const;
    await wallet.payments.receive('testpsp', event);
  }
  await wallet.close();
  Object.assign(limits, { changed_documents_bytes: 64 * KIB });
  const { spills } = await spillsOfReplay();
  expect(spills).toBeGreaterThanOrEqual(3);
  expect(spills).toBeLessThanOrEqual(30);
});

test('a replay does not write again and again beside the limits that it keeps', async () => {
  const wallet = await openNew();
  const users = Array.from({ length: 30 }, (_, i) => `player${i}`);
  await wallet.createUsers(users);
  for (const user of users) await wallet.players.setLimits(user, { max_bet: 1000 });
  for (let n = 0; n < 60; n++) await wallet.bet(bet(`player${n % 30}`, 1));
  await wallet.close();
  Object.assign(limits, { changed_documents: 10 });
  const { spills, frames } = await spillsOfReplay();
  expect(frames).toBeGreaterThan(80);
  expect(spills).toBe(3);
});
