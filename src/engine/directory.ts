import { existsSync, readdirSync } from 'node:fs';
import { copyJournal } from '../partitions/backup.js';
import { type PlainEntry, readEntries } from '../partitions/entries.js';
import { SharedIds } from '../partitions/entry-verifier.js';
import { FrameFault } from '../partitions/frame.js';
import { Hash } from '../partitions/hash.js';
import type { Journal } from '../partitions/journal.js';
import { type PartitionReport, verifyPartition } from '../partitions/verify.js';
import {
  existingDirectory,
  genesisHash,
  type Manifest,
  makeDirectory,
  partitionDirectory,
  writeManifest,
} from './data-directory.js';
import { OpenError } from './errors.js';
import type { Progress } from './options.js';
import { probeJournals } from './probe-journals.js';

/** What `verifyDirectory` checked, or the first fault that it found. */
export interface VerifyReport {
  readonly ok: boolean;
  readonly partitions: number;
  readonly frames: number;
  readonly entries: number;
  readonly users: number;
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

/** Walks every frame of a data directory. Throws OpenError when there is none. */
export async function verifyDirectory(
  dataDir: string,
  onProgress?: (progress: Progress) => void,
): Promise<VerifyReport> {
  const manifest = existingDirectory(dataDir);
  const damaged = await faultOf(dataDir, manifest);
  const reports: PartitionReport[] = [];
  if (damaged !== undefined) return total(manifest, reports, damaged);
  const ids = new SharedIds(new Hash(Buffer.from(manifest.seed, 'hex')));
  const journals: Journal[] = [];
  try {
    for (let number = 0; number < manifest.partitions; number++) {
      const directory = partitionDirectory(dataDir, number);
      const what = `verifying partition ${number}, frames`;
      const onFrame = (done: number, all: number): void => onProgress?.({ what, done, total: all });
      const genesis = genesisHash(manifest, number);
      reports.push(await verifyPartition(directory, number, genesis, ids, journals, onFrame));
      if (reports.at(-1)?.fault !== undefined) break;
    }
  } finally {
    await Promise.all(journals.map((journal) => journal.close()));
  }
  return total(manifest, reports, reports.at(-1)?.fault);
}

/** What a look from a process of its own finds, which a damaged file may end. */
async function faultOf(dataDir: string, manifest: Manifest): Promise<string | undefined> {
  const numbers = Array.from({ length: manifest.partitions }, (_, number) => number);
  try {
    await probeJournals(numbers.map((number) => partitionDirectory(dataDir, number)));
    return undefined;
  } catch (error) {
    if (error instanceof OpenError) return error.message;
    throw error;
  }
}

function total(
  { partitions }: Manifest,
  reports: readonly PartitionReport[],
  fault: string | undefined,
): VerifyReport {
  const accounts: Record<string, bigint> = {};
  for (const { books } of reports) {
    for (const [name, value] of Object.entries(books)) {
      const account = name === 'player' ? 'players' : name;
      accounts[account] = (accounts[account] ?? 0n) + value;
    }
  }
  const sum = (of: 'frames' | 'entries' | 'users'): number =>
    reports.reduce((all, report) => all + report[of], 0);
  return {
    ok: fault === undefined,
    partitions,
    frames: sum('frames'),
    entries: sum('entries'),
    users: sum('users'),
    accounts,
    ...(fault === undefined ? {} : { fault }),
  };
}

/** Copies a directory, also one that is being served, into a new one that opens and verifies. */
export async function backupDirectory(
  from: string,
  to: string,
  onProgress?: (progress: Progress) => void,
): Promise<void> {
  const manifest = existingDirectory(from);
  if (existsSync(to) && readdirSync(to).length > 0) throw new OpenError(`${to} is not empty`);
  const damaged = await faultOf(from, manifest);
  if (damaged !== undefined) throw new OpenError(`${from} cannot be copied: ${damaged}`);
  makeDirectory(to);
  for (let number = 0; number < manifest.partitions; number++) {
    const what = `copying partition ${number}, frames`;
    const [source, target] = [partitionDirectory(from, number), partitionDirectory(to, number)];
    try {
      await copyJournal(source, target, (done, all) => onProgress?.({ what, done, total: all }));
    } catch (error) {
      if (!(error instanceof FrameFault)) throw error;
      throw new OpenError(`${from}, partition ${number}: ${error.message}`, { cause: error });
    }
  }
  // Last: without it the copy is no data directory.
  writeManifest(to, manifest);
}

/** Entries, oldest first, merged over the partitions by time; `from` is inclusive, `to` is not. */
export async function* exportEntries(
  dataDir: string,
  filter: { readonly user?: string; readonly from?: Date; readonly to?: Date },
): AsyncGenerator<ExportedEntry> {
  const manifest = existingDirectory(dataDir);
  const damaged = await faultOf(dataDir, manifest);
  if (damaged !== undefined) throw new OpenError(`${dataDir} cannot be read: ${damaged}`);
  const sources = Array.from({ length: manifest.partitions }, (_, number) => {
    return readEntries(partitionDirectory(dataDir, number), number);
  });
  try {
    for (const entry of merged(sources.map(({ entries }) => entries))) {
      const { user, from, to } = filter;
      if (user !== undefined && entry.user !== user) continue;
      if (from !== undefined && entry.time < from.getTime()) continue;
      if (to !== undefined && entry.time >= to.getTime()) continue;
      yield exported(entry);
    }
  } finally {
    await Promise.all(sources.map((source) => source.close()));
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
