import { Hash } from './hash.js';
import type { Journal } from './journal.js';
import { momentOf } from './moment.js';
import { SharedIds } from './shared-ids.js';
import type { Transit } from './transit.js';
import { Unreadable } from './unreadable.js';
import { type PartitionPlace, type PartitionReport, verifyPartition } from './verify.js';

/** What the process is told, in one message. */
export interface VerifyTask {
  /** Eight bytes that seed the hash of ids. */
  readonly seed: Uint8Array;
  readonly partitions: readonly PartitionPlace[];
  /** It says where it is after so many frames. */
  readonly frames: number;
}

/**
 * What the process says: where it is (after frame 0: at the checkpoint), each report, and why it
 * cannot go on where that is no fault of what it reads.
 */
export type VerifyNews =
  | {
      readonly kind: 'at';
      readonly partition: number;
      readonly done: number;
      readonly total: number;
    }
  | { readonly kind: 'unreadable'; readonly reason: string }
  | {
      readonly kind: 'report';
      readonly report: PartitionReport;
      /** What is on its way between partitions, after the last one. */
      readonly underWay: Transit['underWay'];
    };

function say(news: VerifyNews): void {
  process.send?.(news);
}

function sayAt(partition: number, done: number, total: number): void {
  say({ kind: 'at', partition, done, total });
}

async function verify({ seed, partitions, frames }: VerifyTask): Promise<void> {
  const ids = new SharedIds(new Hash(seed));
  const journals: Journal[] = [];
  let transit = 0n;
  const directories = partitions.map(({ directory }) => directory);
  const before = await momentOf(directories, (partition) => sayAt(partition, 0, 0));
  for (const place of partitions) {
    const { partition } = place;
    const onFrame = (done: number, total: number): void => sayAt(partition, done, total);
    onFrame(0, 0);
    const report = await verifyPartition({ ...place, before }, ids, journals, { frames, onFrame });
    transit += report.books.get('transit') ?? 0n;
    const isLast = place === partitions.at(-1);
    const fault = report.fault ?? (isLast ? ids.transit.fault(transit) : undefined);
    const { underWay } = ids.transit;
    say({ kind: 'report', report: fault === undefined ? report : { ...report, fault }, underWay });
    if (fault !== undefined) return;
  }
}

async function run(task: VerifyTask): Promise<void> {
  try {
    await verify(task);
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error;
    say({ kind: 'unreadable', reason: error.message });
  }
}

process.once('message', (task: VerifyTask) => void run(task));
process.once('disconnect', () => process.exit());
