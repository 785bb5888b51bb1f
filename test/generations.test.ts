import { setImmediate as nextTurn } from 'node:timers/promises';
import { openWallet } from 'purser';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { limits } from '../dist/limits.js';
import type { Actor } from '../dist/partitions/actor.js';
import { allocateBytes } from '../dist/partitions/bytes.js';
import type { PartitionState } from '../dist/partitions/partition-state.js';
import { RECORD, userAt } from '../dist/partitions/record.js';
import { newDirectory } from './support/directory.js';
import { withFaults } from './support/mutant-wallet.js';
import { openPartition } from './support/partition.js';
import { bet } from './support/wallet-cases.js';

const RESIDENT = 200;
const USERS = Array.from({ length: 2000 }, (_, i) => `player${i}`);
const { resident_actors } = limits;
let directory: string;

beforeEach(async () => {
  directory = newDirectory();
  const wallet = await openWallet({ dataDir: directory, partitions: 1, durability: 'process' });
  await wallet.createUsers(USERS);
  await wallet.bet(bet('player7', 7));
  await wallet.close();
});

afterEach(() => {
  Object.assign(limits, { resident_actors });
  vi.restoreAllMocks();
});

const record = allocateBytes(RECORD.body + 64);

function read({ actors }: PartitionState, user: string): Actor | undefined {
  record.u8[RECORD.userLength] = record.u8.write(user, userAt(record, 0));
  return actors.find(record, 0);
}

test('reads alone do not bring all actors into memory, nor make a checkpoint', async () => {
  const { state, checkpoints, checkpointer, close } = openPartition(directory);
  Object.assign(limits, { resident_actors: RESIDENT });
  const write = vi.spyOn(checkpoints, 'write');
  let most = 0;
  for (let round = 0; round < 2; round++) {
    for (const user of USERS) {
      expect(read(state, user)?.balance).toBe(user === 'player7' ? 99_993 : 100_000);
      checkpointer.step();
      await nextTurn();
      most = Math.max(most, state.actors.resident);
    }
  }
  await checkpointer.finish();
  expect(most).toBeLessThanOrEqual(1.5 * RESIDENT + 1);
  expect(write).not.toHaveBeenCalled();
  await close();
});

test('those who are asked for again and again stay in memory', async () => {
  const { state, checkpointer, close } = openPartition(directory);
  Object.assign(limits, { resident_actors: RESIDENT });
  const busy = USERS.slice(0, RESIDENT / 4);
  for (const user of busy) read(state, user);
  const load = vi.spyOn(state.actors, 'restore');
  for (const [i, user] of USERS.slice(busy.length).entries()) {
    read(state, user);
    read(state, busy[i % busy.length] as string);
    checkpointer.step();
    await nextTurn();
  }
  expect(load).toHaveBeenCalledTimes(USERS.length - busy.length);
  await close();
});

test('bets and reads of more players than memory holds', async () => {
  const openSmall = await withFaults({
    file: 'limits.js',
    find: 'resident_actors: 2_000_000',
    replace: 'resident_actors: 10',
  });
  const wallet = await openSmall({ dataDir: directory, durability: 'process' });
  const balances = new Map(USERS.slice(0, 40).map((user) => [user, 100_000]));
  balances.set('player7', 99_993);
  for (let n = 0; n < 240; n++) {
    const user = `player${(n * 37 + (n >> 4)) % 40}`;
    const left = (balances.get(user) as number) - (n % 3);
    const body = bet(user, n % 3);
    const { balance } = n % 3 === 0 ? await wallet.balance(body) : await wallet.bet(body);
    expect(balance).toBe(left);
    balances.set(user, left);
  }
  expect(await wallet.audit()).toMatchObject({ ok: true });
  await wallet.close();
});
