import { isMainThread } from 'node:worker_threads';

/**
 * Writes that neither the end of the process nor another one that opens the file cuts in two.
 *
 * A write that LMDB does on a partition's own thread takes its lock first and gives it back last. A
 * thread that is ended between, as `process.exit()` and an uncaught exception do, keeps it; LMDB
 * waits for it when it cleans up after that thread, and the process waits for the thread: for ever.
 *
 * Whoever opens a file of LMDB reads which transaction is the last one, and a moment later tells that to
 * all processes. If one has written between, its next transaction takes the place of that one, and
 * what was acknowledged is gone. So the writers are still while somebody opens (`visit.ts`).
 *
 * The words: how many writes are under way; who wants none to begin; whether LMDB may write on the
 * partition's own thread, which it may not in a process whose exit nobody hears of.
 */
const [UNDER_WAY, STILL, HERE] = [0, 1, 2];

/** What the engine and the threads of one partition share. */
export function shareWrites(): SharedArrayBuffer {
  const shared = new SharedArrayBuffer(12);
  new Int32Array(shared)[HERE] = isMainThread ? 1 : 0;
  return shared;
}

export function mayWriteHere(shared: SharedArrayBuffer | undefined): boolean {
  return shared !== undefined && new Int32Array(shared)[HERE] === 1;
}

/** On the thread, when it begins: one before it may have died in a write. */
export function forgetWrites(shared: SharedArrayBuffer): void {
  Atomics.store(new Int32Array(shared), UNDER_WAY, 0);
}

/** On the thread, before a write. Waits while none may begin, unless another one is under way. */
export function beginWrite(writes: Int32Array): void {
  while (Atomics.add(writes, UNDER_WAY, 1) === 0) {
    const still = Atomics.load(writes, STILL);
    if (still === 0) return;
    endWrite(writes);
    Atomics.wait(writes, STILL, still);
  }
}

export function endWrite(writes: Int32Array): void {
  const isLast = Atomics.sub(writes, UNDER_WAY, 1) === 1;
  if (isLast) Atomics.notify(writes, UNDER_WAY);
}

/** From now on no write begins. */
export function holdWrites(writes: Int32Array): void {
  Atomics.add(writes, STILL, 1);
}

export function releaseWrites(writes: Int32Array): void {
  Atomics.sub(writes, STILL, 1);
  Atomics.notify(writes, STILL);
}

/** Resolves when no write is under way. */
export async function untilStill(writes: Int32Array): Promise<void> {
  for (;;) {
    const count = Atomics.load(writes, UNDER_WAY);
    if (count === 0) return;
    const moved = Atomics.waitAsync(writes, UNDER_WAY, count);
    if (moved.async) await moved.value;
  }
}

/** Lets no other write begin, and waits for those under way, at most so long. */
export function endWrites(writes: Int32Array, most_ms: number): void {
  holdWrites(writes);
  for (;;) {
    const count = Atomics.load(writes, UNDER_WAY);
    if (count === 0 || Atomics.wait(writes, UNDER_WAY, count, most_ms) === 'timed-out') return;
  }
}
