import { limits } from '../limits.js';
import type { Hello } from '../partitions/slots.js';
import type { Thread } from './pool.js';

const PROGRESS_INTERVAL_MS = 500;

/** Hears how far a recovery is: frames that were read, of so many. */
export type OnProgress = (done: number, total: number) => void;

/**
 * Waits for a thread to recover, for as long as it makes progress; `shared` is where it notes it.
 * What `onProgress` throws is thrown here when the thread is there: before, it cannot be ended.
 */
export async function greet(
  thread: Thread,
  shared: SharedArrayBuffer,
  onProgress?: OnProgress,
): Promise<Hello> {
  const progress = new Float64Array(shared);
  progress.fill(0);
  let timer: NodeJS.Timeout | undefined;
  const thrown: unknown[] = [];
  const stalled = new Promise<never>((_, reject) => {
    let [seen, since] = [-1, 0];
    timer = setInterval(() => {
      const done = progress[0] as number;
      since = done === seen ? since + PROGRESS_INTERVAL_MS : 0;
      seen = done;
      try {
        if (thrown.length === 0) onProgress?.(done, progress[1] as number);
      } catch (error) {
        thrown.push(error);
      }
      if (since >= limits.recovery_stall_ms) reject(new Error('recovery does not get on'));
    }, PROGRESS_INTERVAL_MS);
  });
  try {
    const hello = (await Promise.race([thread.run({ kind: 'hello' }), stalled])) as Hello;
    if (thrown.length > 0) throw thrown[0];
    return hello;
  } finally {
    clearInterval(timer);
  }
}
