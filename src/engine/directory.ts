import { chmodSync, existsSync, readdirSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { accountSums } from '../ledger/apply.js';
import { copyJournal } from '../partitions/backup.js';
import { type PlainEntry, readEntries } from '../partitions/entries.js';
import { reasonOf } from '../partitions/fault.js';
import { momentOf } from '../partitions/moment.js';
import type { PartitionReport } from '../partitions/verify.js';
import { Unverified, verifyPartitions } from '../partitions/walk.js';
import {
  existingDirectory,
  genesisHash,
  isInside,
  lastKnown,
  makeDirectory,
  OWNER_ONLY,
  partitionDirectories,
  seedOf,
  supplyOf,
  syncAbove,
} from './data-directory.js';
import { OpenError } from './errors.js';
import { type Manifest, writeManifest } from './manifest.js';
import type { Progress } from './options.js';
import { probeJournals } from './probe-journals.js';

/** What `verifyDirectory` checked, or the first fault that it found. */
export interface VerifyReport {
  readonly ok: boolean;
  readonly partitions: number;
  readonly frames: number;
  readonly entries: number;
  readonly users: number;
  /** Orders and lots that agree with their entries. */
  readonly orders: number;
  readonly lots: number;
  /** The last frame of each partition that was looked at. */
  readonly position: readonly number[];
  /** Money on its way between players, minor units. */
  readonly underWay: { readonly messages: number; readonly amount: bigint };
  /** Balance of each system account and of all players together, minor units. */
  readonly accounts: Readonly<Record<string, bigint>>;
  /** The first fault with its place, such as `partition 0, frame 12, entry 3: …`. */
  readonly fault?: string;
}

/** One journal entry as `export` writes it. */
export interface ExportedEntry {
  readonly partition: number;
  readonly sequence: number;
  readonly time: string;
  readonly kind: string;
  readonly user: string;
  readonly currency: string;
  readonly amount: number;
  readonly balance_after: number;
  readonly version: number;
  readonly transaction_uuid?: string;
  readonly request_uuid?: string;
  readonly reference_transaction_uuid?: string;
  readonly postings: readonly { readonly account: string; readonly amount: number }[];
  readonly [detail: string]: unknown;
}

/**
 * Walks every frame of a data directory that was begun before now. Throws OpenError when there is
 * no directory, or when the walk did not come to its end for a reason beside it, such as memory;
 * with `signal`'s reason, when that ends it.
 */
export async function verifyDirectory(
  dataDir: string,
  onProgress?: (progress: Progress) => void,
  signal?: AbortSignal,
): Promise<VerifyReport> {
  const manifest = begunDirectory(dataDir);
  const partitions = partitionDirectories(dataDir, manifest).map((directory, partition) => ({
    directory,
    partition,
    partitions: manifest.partitions,
    supply: supplyOf(manifest, partition),
    genesisHash: genesisHash(manifest, partition),
    known: lastKnown(manifest, partition),
  }));
  const onWalk = (partition: number, done: number, total: number): void => {
    onProgress?.({ what: `verifying partition ${partition}, frames`, done, total });
  };
  try {
    const { reports, fault, underWay } = await verifyPartitions(seedOf(manifest), partitions, {
      onWalk,
      signal,
    });
    return total(manifest, reports, fault, underWay);
  } catch (error) {
    if (!(error instanceof Unverified)) throw error;
    const message = `${dataDir} could not be verified: ${error.message}`;
    throw new OpenError(message, { cause: error });
  }
}

/** The manifest of a directory that was opened once: before, it may lack its partitions. */
function begunDirectory(dataDir: string): Manifest {
  const manifest = existingDirectory(dataDir);
  if (manifest.begun) return manifest;
  throw new OpenError(`${dataDir} holds nothing yet: its first start did not come to an end`);
}

/** Refuses what a look from a process of its own finds damaged: a damaged file may end it. */
async function demandSound(dataDir: string, manifest: Manifest, use: string): Promise<void> {
  try {
    await probeJournals(partitionDirectories(dataDir, manifest));
  } catch (error) {
    if (!(error instanceof OpenError)) throw error;
    const message = `${dataDir} cannot be ${use}: ${error.message}`;
    throw new OpenError(message, { cause: error });
  }
}

function total(
  { partitions }: Manifest,
  reports: readonly PartitionReport[],
  fault: string | undefined,
  underWay: VerifyReport['underWay'],
): VerifyReport {
  const sum = (of: 'frames' | 'entries' | 'users' | 'orders' | 'lots'): number =>
    reports.reduce((all, report) => all + report[of], 0);
  return {
    ok: fault === undefined,
    partitions,
    frames: sum('frames'),
    entries: sum('entries'),
    users: sum('users'),
    orders: sum('orders'),
    lots: sum('lots'),
    position: reports.map(({ frames }) => frames),
    underWay,
    accounts: accountSums(reports.map(({ books }) => books)),
    ...(fault === undefined ? {} : { fault }),
  };
}

/**
 * Copies a directory, also one that is being served, into a new one that opens and verifies. The
 * checkpoints stay behind: they are a cache, and the copy's first start replays its journals.
 * Throws OpenError when the target holds anything, lacks space, or the source is damaged.
 */
export async function backupDirectory(
  from: string,
  to: string,
  onProgress?: (progress: Progress) => void,
): Promise<void> {
  const manifest = begunDirectory(from);
  if (existsSync(to) && !(statSync(to).isDirectory() && readdirSync(to).length === 0)) {
    throw new OpenError(`${to} is no empty directory`);
  }
  if (isInside(to, from)) throw new OpenError(`${to} is inside of ${from}`);
  await demandSound(from, manifest, 'copied');
  makeDirectory(to);
  chmodSync(to, OWNER_ONLY);
  const before = await momentOf(partitionDirectories(from, manifest));
  const targets = partitionDirectories(to, manifest);
  for (const [number, source] of partitionDirectories(from, manifest).entries()) {
    const what = `copying partition ${number}, frames`;
    const target = targets[number] as string;
    try {
      await copyJournal(source, target, before, lastKnown(manifest, number), (done, total) => {
        onProgress?.({ what, done, total });
      });
    } catch (error) {
      const place = `${from}, partition ${number}`;
      throw new OpenError(`${place} cannot be copied: ${reasonOf(error)}`, { cause: error });
    }
  }
  // Last: without it the copy is no data directory.
  writeManifest(to, manifest);
  syncAbove(resolve(to));
}

/**
 * Entries, oldest first, merged over the partitions by time; `from` is inclusive, `to` is not.
 * Throws OpenError when there is no data directory, or at the first frame that is damaged.
 */
export async function* exportEntries(
  dataDir: string,
  filter: { readonly user?: string; readonly from?: Date; readonly to?: Date },
): AsyncGenerator<ExportedEntry> {
  const manifest = begunDirectory(dataDir);
  await demandSound(dataDir, manifest, 'read');
  const sources = await Promise.all(partitionDirectories(dataDir, manifest).map(readEntries));
  const { user, from, to } = filter;
  try {
    for (const entry of merged(sources.map((source, number) => placed(source.entries, number)))) {
      if (to !== undefined && entry.time >= to.getTime()) return;
      if (from !== undefined && entry.time < from.getTime()) continue;
      if (user === undefined || entry.user === user) yield exported(entry);
    }
  } finally {
    await Promise.all(sources.map((source) => source.close()));
  }
}

/** The same entries; what cannot be read is refused with its place. */
function* placed(entries: Generator<PlainEntry>, partition: number): Generator<PlainEntry> {
  let sequence = 0;
  try {
    for (const entry of entries) {
      sequence = entry.sequence;
      yield entry;
    }
  } catch (error) {
    const place = `partition ${partition}, after sequence ${sequence}`;
    throw new OpenError(`${place}: ${reasonOf(error)}`, { cause: error });
  }
}

/** Always the oldest of what the partitions have next. */
function* merged(sources: readonly Generator<PlainEntry>[]): Generator<PlainEntry> {
  const heads = sources.map((source) => source.next());
  for (;;) {
    let oldest = -1;
    for (const [number, head] of heads.entries()) {
      const best = heads[oldest];
      if (!head.done && (best === undefined || head.value.time < (best.value as PlainEntry).time)) {
        oldest = number;
      }
    }
    const head = heads[oldest];
    const source = sources[oldest];
    if (head === undefined || head.done || source === undefined) return;
    yield head.value;
    heads[oldest] = source.next();
  }
}

function exported(entry: PlainEntry): ExportedEntry {
  const { partition, sequence, kind, user, currency, amount, version, postings, details } = entry;
  return {
    partition,
    sequence,
    time: new Date(entry.time).toISOString(),
    kind,
    user,
    currency,
    amount,
    balance_after: entry.balance,
    version,
    ...(entry.transaction === undefined ? {} : { transaction_uuid: entry.transaction }),
    ...(entry.request === undefined ? {} : { request_uuid: entry.request }),
    ...(entry.reference === undefined ? {} : { reference_transaction_uuid: entry.reference }),
    postings,
    ...details,
  };
}
