import { workerData } from 'node:worker_threads';
import { openCheckpoints } from './checkpoint-store.js';
import { journalDirectory, openJournal } from './journal.js';
import { Partition } from './partition.js';
import type { Hello, PartitionOptions, Task, TurnResult } from './slots.js';

/**
 * The thread of one partition. It has recovered before it takes its first task; a task for another
 * epoch was meant for a thread that is dead, and is refused. After a failure it refuses everything:
 * its memory may be ahead of its disk.
 */
const options = workerData as PartitionOptions;
const epoch = Atomics.add(new Int32Array(options.epochs), 0, 1) + 1;
let failure: unknown;
const partition = await recovered();

/** A recovery that fails must not keep the module from loading: the pool would try for ever. */
async function recovered(): Promise<Partition | undefined> {
  try {
    const journal = openJournal(journalDirectory(options.directory), options);
    const checkpoints = openCheckpoints(options.directory, options.durability);
    const opened = new Partition(options, journal, checkpoints);
    await opened.begin(Date.now());
    return opened;
  } catch (error) {
    failure = error;
    return undefined;
  }
}

export default async function run(task: Task): Promise<unknown> {
  if (partition === undefined) throw failure;
  if (task.kind === 'hello') return hello(partition);
  if (task.epoch !== epoch) throw new Error(`this thread is epoch ${epoch}, not ${task.epoch}`);
  if (failure !== undefined) throw failure;
  try {
    return await perform(partition, task);
  } catch (error) {
    failure = error;
    throw error;
  }
}

function hello(partition: Partition): Hello {
  const { frame, transactions, time, notice } = partition;
  return { epoch, frame, transactions, time, ...(notice === undefined ? {} : { notice }) };
}

async function perform(
  partition: Partition,
  task: Exclude<Task, { kind: 'hello' }>,
): Promise<unknown> {
  switch (task.kind) {
    case 'turn':
      return (await partition.turn(task)) satisfies TurnResult;
    case 'books':
      return await partition.books();
    case 'ids':
      return partition.ids();
    case 'close':
      return await partition.close();
  }
}
