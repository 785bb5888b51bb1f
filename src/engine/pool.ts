import { Piscina } from 'piscina';
import { limits } from '../limits.js';
import type { PartitionOptions, Task } from '../partitions/slots.js';
import { allocateTurnRing, type TurnMessage, TurnSender } from '../partitions/turn-ring.js';
import type { WorkerOptions } from '../partitions/worker.js';
import { noteWriter } from './writers.js';

/** The one thread of a partition, under the supervision of a pool of exactly one. */
export interface Thread {
  run(task: Task): Promise<unknown>;
  /** Resolves with why the thread ended, when nobody had asked for it. */
  readonly died: Promise<Error>;
  /** Ends the thread wherever it is. Rejects when it does not end in time. */
  destroy(): Promise<void>;
}

const WORKER = new URL('../partitions/worker.js', import.meta.url).href;

export interface ThreadOptions extends PartitionOptions {
  /** Heap of the thread's old generation, MiB. */
  readonly heapMegabytes: number;
  /** As `whole-writes.ts` says. */
  readonly writes: SharedArrayBuffer;
}

/** How a partition gets its thread. */
export type StartThread = (options: ThreadOptions) => Thread;

export function startThread(options: ThreadOptions): Thread {
  const turns = allocateTurnRing();
  const pool = new Piscina({
    filename: WORKER,
    workerData: { ...options, turns } satisfies WorkerOptions,
    minThreads: 1,
    maxThreads: 1,
    concurrentTasksPerWorker: CONTROL_TASKS,
    stricterFIFO: true,
    // Between tasks the thread must see timers and LMDB's callbacks.
    atomics: 'disabled',
    recordTiming: false,
    workerHistogram: false,
    resourceLimits: {
      maxOldGenerationSizeMb: options.heapMegabytes,
      maxYoungGenerationSizeMb: THREAD_YOUNG_MEGABYTES,
    },
  });
  // What made a thread die without a task is told here first.
  let reason = new Error('the thread ended');
  pool.on('error', (error) => {
    reason = error;
  });
  let isWanted = true;
  const died = new Promise<Error>((resolve) => {
    // The pool has another thread then, which recovers: not the one that was served from.
    pool.on('workerDestroy', () => {
      if (isWanted) setImmediate(() => resolve(reason));
    });
  });
  const sender = new TurnSender(turns);
  pool.on('message', (end: TurnMessage) => sender.hear(end));
  const ended = noteWriter(options.directory, options.writes);
  const destroy = (): Promise<void> => {
    isWanted = false;
    sender.close();
    return withTimeLimit(pool.destroy()).finally(ended);
  };
  const run = (task: Task): Promise<unknown> => {
    return task.kind === 'turn' ? sender.run(task) : pool.run(task);
  };
  return { run, died, destroy };
}

/** Tasks that may be under way: hello, books, ids, close. Turns do not go through the pool. */
const CONTROL_TASKS = 8;
/** What a batch leaves behind dies young: a larger nursery is emptied less often. */
const THREAD_YOUNG_MEGABYTES = 64;

async function withTimeLimit(ending: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const message = 'the thread does not end; only a restart of the process can help';
    timer = setTimeout(() => reject(new Error(message)), limits.thread_end_ms);
  });
  try {
    await Promise.race([ending, late]);
  } finally {
    clearTimeout(timer);
  }
}
