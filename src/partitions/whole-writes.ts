import { isMainThread } from 'node:worker_threads';

/**
 * Writes that the end of the process does not cut.
 *
 * A write that LMDB does on a partition's own thread takes its lock first and gives it back last. A
 * thread that is ended between, as `process.exit()` and an uncaught exception do, keeps it; LMDB
 * waits for it when it cleans up after that thread, and the process waits for the thread: for ever.
 */
const [NONE, UNDER_WAY, NO_MORE] = [0, 1, 2];

/** What the process and the threads of one partition share; undefined in a worker, which hears of no exit. */
export function shareWrites(): SharedArrayBuffer | undefined {
  return isMainThread ? new SharedArrayBuffer(4) : undefined;
}

/** On the thread: does a write, or waits for the thread's end. */
export function writeWhole<T>(writes: Int32Array, write: () => T): T {
  if (Atomics.exchange(writes, 0, UNDER_WAY) === NO_MORE) {
    Atomics.store(writes, 0, NO_MORE);
    Atomics.wait(writes, 0, NO_MORE);
  }
  try {
    return write();
  } finally {
    Atomics.store(writes, 0, NONE);
    Atomics.notify(writes, 0);
  }
}

/** Waits for a write that is under way, at most so long, and lets no other begin. */
export function endWrites(writes: Int32Array, most_ms: number): void {
  while (Atomics.compareExchange(writes, 0, NONE, NO_MORE) === UNDER_WAY) {
    if (Atomics.wait(writes, 0, UNDER_WAY, most_ms) === 'timed-out') return;
  }
}
