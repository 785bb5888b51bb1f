import { randomUUID } from 'node:crypto';
import { mkdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { resolve as absolute, join } from 'node:path';
import { reasonOf } from '../partitions/fault.js';
import { journalDirectory } from '../partitions/journal-file.js';
import { checkAddressSpace, reserveAddressSpace } from './address-space.js';
import { Audits } from './audit.js';
import { Clock } from './clock.js';
import {
  genesisHash,
  makeDirectory,
  markOpened,
  OWNER_ONLY,
  openDirectory,
  partitionDirectories,
  seedOf,
  supplyOf,
} from './data-directory.js';
import { lockDirectory } from './directory-lock.js';
import { EngineWallet } from './engine-wallet.js';
import { OpenError } from './errors.js';
import type { OnProgress } from './greeting.js';
import type { Manifest } from './manifest.js';
import { type Settings, settle, type WalletOptions } from './options.js';
import { PartitionClient, type Surroundings } from './partition-client.js';
import { startThread } from './pool.js';
import { makeWay, probePartitions } from './probe-journals.js';
import { Rooms } from './rooms.js';
import { Router } from './router.js';
import { TurnEnd } from './turn-end.js';
import type { Wallet } from './wallet.js';

/**
 * Opens or makes a data directory, recovers it, and resolves to a wallet that serves.
 * Throws OpenError, with one clear line, for what cannot be opened.
 */
export async function openWallet(options: WalletOptions = {}): Promise<Wallet> {
  const settings = settle(options);
  const temporary = settings.dataDir === undefined;
  const dataDir = absolute(settings.dataDir ?? join(tmpdir(), `purser-${randomUUID()}`));
  // Before it is made: the least number of partitions that it can have must find room.
  checkAddressSpace(settings.partitions ?? 1);
  makeDirectory(dataDir);
  const lock = await lockDirectory(dataDir);
  const surroundings = { clock: new Clock(), start: startThread, turnEnd: new TurnEnd() };
  const audits = new Audits(dataDir);
  let freeSpace = (): void => {};
  const rooms = new Rooms();
  const release = async (): Promise<void> => {
    // First: a walk reads what is given back, and may take long.
    await audits.close();
    surroundings.turnEnd.close();
    rooms.stop();
    freeSpace();
    await lock.release();
    if (temporary) rmSync(dataDir, { recursive: true, force: true });
  };
  try {
    const manifest = openDirectory(dataDir, settings.partitions);
    freeSpace = reserveAddressSpace(manifest.partitions);
    const partitions = await openPartitions(dataDir, manifest, settings, surroundings);
    const seed = seedOf(manifest);
    const router = new Router(partitions, seed);
    const wallet = new EngineWallet(partitions, router, settings, {
      clock: surroundings.clock,
      seed,
      audit: () => audits.run(),
      room: (partition) => rooms.of(partition),
      release,
    });
    await orAbandon(partitions, async () => {
      await router.learn();
      await wallet.begin();
      await rooms.begin(partitionDirectories(dataDir, manifest).map(journalDirectory));
    });
    return wallet;
  } catch (error) {
    await release();
    if (error instanceof OpenError) throw error;
    throw new OpenError(`${dataDir} cannot be served: ${reasonOf(error)}`, { cause: error });
  }
}

/** Threads that nobody will ask anything are ended. */
async function orAbandon<T>(
  partitions: readonly PartitionClient[],
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    await Promise.all(partitions.map((partition) => partition.abandon()));
    throw error;
  }
}

async function openPartitions(
  dataDir: string,
  manifest: Manifest,
  settings: Settings,
  surroundings: Surroundings,
): Promise<PartitionClient[]> {
  const directories = partitionDirectories(dataDir, manifest);
  const seed = seedOf(manifest);
  await probe(manifest, directories);
  const partitions = directories.map((directory, number) => {
    for (const part of ['journal', 'checkpoint']) {
      mkdirSync(join(directory, part), { recursive: true, mode: OWNER_ONLY });
    }
    const options = {
      directory,
      partition: number,
      durability: settings.durability,
      dialect: settings.dialect,
      seed,
      genesisHash: genesisHash(manifest, number),
      supply: supplyOf(manifest, number),
      currency: settings.currency,
      heapMegabytes: settings.threadHeapMegabytes,
    };
    return new PartitionClient(options, surroundings);
  });
  const onProgress: OnProgress = (done, total) => {
    settings.onProgress?.({ what: 'replaying the journal, frames', done, total });
  };
  return orAbandon(partitions, async () => {
    // All of them, also after a failure: to end a thread while LMDB opens a file ends the process.
    const recoveries = partitions.map((partition) => partition.open(onProgress));
    await Promise.allSettled(recoveries);
    const hellos = await Promise.all(recoveries);
    markOpened(
      dataDir,
      manifest,
      hellos.map(({ frame }) => frame),
    );
    return partitions;
  });
}

/** Looks at what is there, before this process maps it. */
async function probe({ begun }: Manifest, directories: readonly string[]): Promise<void> {
  if (!begun) {
    await Promise.all(directories.map(makeWay));
    return;
  }
  for (const directory of await probePartitions(directories)) {
    process.emitWarning(`the checkpoint in ${directory} was damaged; the journal is replayed`);
  }
}
