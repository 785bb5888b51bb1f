import { randomUUID } from 'node:crypto';
import { mkdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { resolve as absolute, join } from 'node:path';
import { reasonOf } from '../partitions/fault.js';
import type { Hello } from '../partitions/slots.js';
import { reserveAddressSpace } from './address-space.js';
import { Audits } from './audit.js';
import { Clock } from './clock.js';
import {
  genesisHash,
  markOpened,
  openDirectory,
  partitionDirectory,
  prepareDirectory,
  supplyOf,
} from './data-directory.js';
import { lockDirectory } from './directory-lock.js';
import { EngineWallet } from './engine-wallet.js';
import { OpenError } from './errors.js';
import type { Manifest } from './manifest.js';
import { type Settings, settle, type WalletOptions } from './options.js';
import { PartitionClient, type Surroundings } from './partition-client.js';
import { startThread } from './pool.js';
import { makeWay, probePartitions } from './probe-journals.js';
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
  prepareDirectory(dataDir, settings.partitions);
  const lock = await lockDirectory(dataDir);
  const surroundings = { clock: new Clock(), start: startThread, turnEnd: new TurnEnd() };
  const audits = new Audits(dataDir);
  let freeSpace = (): void => {};
  const release = async (): Promise<void> => {
    // First: a walk reads what is given back, and may take long.
    await audits.close();
    surroundings.turnEnd.close();
    freeSpace();
    await lock.release();
    if (temporary) rmSync(dataDir, { recursive: true, force: true });
  };
  try {
    const manifest = openDirectory(dataDir, settings.partitions);
    freeSpace = reserveAddressSpace(manifest.partitions);
    const partitions = await openPartitions(dataDir, manifest, settings, surroundings);
    const seed = Buffer.from(manifest.seed, 'hex');
    const router = new Router(partitions, seed);
    const wallet = new EngineWallet(partitions, router, settings, {
      clock: surroundings.clock,
      seed,
      audit: () => audits.run(),
      release,
    });
    await begin(wallet, router, partitions, dataDir);
    return wallet;
  } catch (error) {
    await release();
    throw error;
  }
}

/** Threads that nobody will ask anything are ended. */
async function begin(
  wallet: EngineWallet,
  router: Router,
  partitions: readonly PartitionClient[],
  dataDir: string,
): Promise<void> {
  try {
    await router.learn();
    await wallet.begin();
  } catch (error) {
    await Promise.all(partitions.map((partition) => partition.abandon()));
    throw unservable(dataDir, error);
  }
}

function unservable(dataDir: string, error: unknown): OpenError {
  return new OpenError(`${dataDir} cannot be served: ${reasonOf(error)}`, { cause: error });
}

async function openPartitions(
  dataDir: string,
  manifest: Manifest,
  settings: Settings,
  surroundings: Surroundings,
): Promise<PartitionClient[]> {
  const numbers = Array.from({ length: manifest.partitions }, (_, number) => number);
  const directories = numbers.map((number) => partitionDirectory(dataDir, number));
  await probe(manifest, directories);
  const partitions = numbers.map((number) => {
    const directory = partitionDirectory(dataDir, number);
    for (const part of ['journal', 'checkpoint']) {
      mkdirSync(join(directory, part), { recursive: true, mode: 0o700 });
    }
    const options = {
      directory,
      partition: number,
      durability: settings.durability,
      dialect: settings.dialect,
      seed: Buffer.from(manifest.seed, 'hex'),
      genesisHash: genesisHash(manifest, number),
      supply: supplyOf(manifest, number),
      currency: settings.currency,
      heapMegabytes: settings.threadHeapMegabytes,
    };
    return new PartitionClient(options, surroundings);
  });
  // All of them, also after a failure: to end a thread while LMDB opens a file ends the process.
  const opened = await Promise.allSettled(
    partitions.map((partition) => recover(partition, dataDir, settings)),
  );
  const failed = opened.find((one) => one.status === 'rejected');
  if (failed !== undefined) {
    await Promise.all(partitions.map((partition) => partition.abandon()));
    throw failed.reason;
  }
  try {
    const frames = opened.map((one) => (one as PromiseFulfilledResult<Hello>).value.frame);
    markOpened(dataDir, manifest, frames);
  } catch (error) {
    await Promise.all(partitions.map((partition) => partition.abandon()));
    throw error;
  }
  return partitions;
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

async function recover(
  partition: PartitionClient,
  dataDir: string,
  { onProgress }: Settings,
): Promise<Hello> {
  try {
    return await partition.open((done, total) => {
      onProgress?.({ what: 'replaying the journal, frames', done, total });
    });
  } catch (error) {
    throw unservable(dataDir, error);
  }
}
