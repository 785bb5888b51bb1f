import { dirname } from 'node:path';
import { isMainThread } from 'node:worker_threads';
import { limits } from '../limits.js';
import { endWrites, holdWrites, releaseWrites, untilStill } from '../partitions/whole-writes.js';

/** The threads of this process that write, each with its data directory. */
const all = new Map<Int32Array, string>();

interface Hold {
  readonly dataDir: string;
  readonly writers: Set<Int32Array>;
}

const holds = new Set<Hold>();

/** Notes a thread that writes, for as long as it lives: the result ends that. No exit cuts its writes. */
export function noteWriter(partitionDirectory: string, shared: SharedArrayBuffer): () => void {
  const writes = new Int32Array(shared);
  const dataDir = dirname(partitionDirectory);
  if (all.size === 0 && isMainThread) process.on('exit', endAll);
  all.set(writes, dataDir);
  for (const hold of holds) if (hold.dataDir === dataDir) include(hold, writes);
  return () => {
    all.delete(writes);
    if (all.size === 0) process.off('exit', endAll);
  };
}

function endAll(): void {
  for (const writes of all.keys()) endWrites(writes, limits.commit_timeout_ms);
}

function include({ writers }: Hold, writes: Int32Array): void {
  holdWrites(writes);
  writers.add(writes);
}

/** Lets no write begin in a data directory until it is released; `still` resolves when none is under way. */
export function holdWriters(dataDir: string): { still: Promise<unknown>; release: () => void } {
  const hold: Hold = { dataDir, writers: new Set() };
  holds.add(hold);
  for (const [writes, directory] of all) if (directory === dataDir) include(hold, writes);
  return {
    still: Promise.all([...hold.writers].map(untilStill)),
    release: () => {
      holds.delete(hold);
      hold.writers.forEach(releaseWrites);
    },
  };
}
