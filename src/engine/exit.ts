import { limits } from '../limits.js';
import { endWrites } from '../partitions/whole-writes.js';

/** What tells of the writes of each thread (`whole-writes.ts`). */
const all = new Set<Int32Array>();

/** From now on the process does not exit while the thread writes; the result ends that. */
export function exitAfterWrites(shared: SharedArrayBuffer | undefined): () => void {
  if (shared === undefined) return () => {};
  const writes = new Int32Array(shared);
  if (all.size === 0) process.on('exit', endAll);
  all.add(writes);
  return () => {
    all.delete(writes);
    if (all.size === 0) process.off('exit', endAll);
  };
}

function endAll(): void {
  for (const writes of all) endWrites(writes, limits.commit_timeout_ms);
}
