import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Parts } from './parts.js';

/** The frame that the last answer needs, and what it holds; frame 0: none is needed. */
export interface Required {
  readonly frame: number;
  readonly hash: string;
}

export interface Look {
  readonly data: string;
  /** By partition. */
  readonly required: readonly Required[];
  /** A checkpoint ended the process that read it: a start would set it aside, and so is done. */
  readonly withoutCheckpoints: boolean;
}

/** What is wrong with a directory, after the same steps as a start but in one process. */
export async function look(parts: Parts, task: Look): Promise<string | undefined> {
  const manifest = parts.existingDirectory(task.data);
  const partitions = Array.from({ length: manifest.partitions }, (_, partition) => ({
    directory: parts.partitionDirectory(task.data, partition),
    partition,
    partitions: manifest.partitions,
    supply: parts.supplyOf(manifest, partition),
    genesisHash: parts.genesisHash(manifest, partition),
    known: parts.lastKnown(manifest, partition),
    before: Number.POSITIVE_INFINITY,
  }));
  for (const { directory } of partitions) {
    const fault = parts.faultOfDataFile(parts.journalDirectory(directory));
    if (fault !== undefined) return fault;
    const aside = task.withoutCheckpoints || !(await isCheckpointGood(parts, directory));
    if (aside) rmSync(join(directory, 'checkpoint'), { recursive: true, force: true });
  }
  const seed = Buffer.from(manifest.seed, 'hex');
  const walked = await walk(parts, seed, partitions);
  if (walked !== undefined) return walked;
  for (const plan of partitions) {
    const needed = task.required[plan.partition];
    const fault = await recovered(parts, seed, plan, { needed, known: plan.known });
    if (fault !== undefined) return fault;
  }
  return undefined;
}

type Plan = Parameters<Parts['verifyPartition']>[0];

/** As the probe of a start sees it. */
async function isCheckpointGood(parts: Parts, directory: string): Promise<boolean> {
  const path = join(directory, 'checkpoint');
  if (!existsSync(join(path, 'data.mdb'))) return true;
  if (parts.faultOfDataFile(path) !== undefined) return false;
  const store = parts.openCheckpoints(directory, 'disk', true);
  try {
    const { runs, parts: count } = store.read() ?? { runs: 0, parts: 0 };
    for (let run = 0; run < runs; run++) store.readRun(run);
    for (let part = 0; part < count; part++) store.readPart(part);
    return true;
  } catch {
    // Whatever it says, it ends the probe, and the checkpoint is set aside.
    return false;
  } finally {
    await store.close();
  }
}

/** As `purser verify` does. */
async function walk(
  parts: Parts,
  seed: Buffer,
  partitions: readonly Plan[],
): Promise<string | undefined> {
  const ids = new parts.SharedIds(new parts.Hash(seed));
  const journals: InstanceType<Parts['Journal']>[] = [];
  const watch = { frames: Number.MAX_SAFE_INTEGER, onFrame: () => {} };
  try {
    let transit = 0n;
    for (const plan of partitions) {
      const report = await parts.verifyPartition(plan, ids, journals, watch);
      if (report.fault !== undefined) return report.fault;
      transit += report.books.get('transit') ?? 0n;
    }
    return ids.transit.fault(transit);
  } finally {
    for (const journal of journals) await journal.close();
  }
}

/** As a partition's thread does, and then whether it has what was answered. */
async function recovered(
  parts: Parts,
  seed: Buffer,
  { directory, partition, genesisHash }: Plan,
  { needed, known }: { readonly needed: Required | undefined; readonly known: number },
): Promise<string | undefined> {
  const nothing = new SharedArrayBuffer(16);
  const writes = new SharedArrayBuffer(12);
  const shared = { slots: nothing, epochs: nothing, progress: nothing, writes };
  const settings = { durability: 'disk', dialect: 'exwallet', supply: 0, currency: 'USD' } as const;
  const options = { directory, partition, genesisHash, seed, ...shared, ...settings };
  const journal = parts.openJournal(parts.journalDirectory(directory), options);
  const checkpoints = parts.openCheckpoints(directory, 'disk');
  try {
    const { state } = parts.recover(options, journal, checkpoints);
    if (state.frame < known)
      return `partition ${partition} has fewer frames than its manifest says`;
    if (needed === undefined || needed.frame === 0) return undefined;
    const stored = journal.read(needed.frame);
    if (stored === undefined) {
      return `LOST: partition ${partition} ends at frame ${state.frame}, answered was ${needed.frame}`;
    }
    const same = parts.hashFrame(stored).toString('hex') === needed.hash;
    return same ? undefined : `LOST: partition ${partition}, frame ${needed.frame} is another`;
  } finally {
    await journal.close();
    await checkpoints.close();
  }
}
