import { parentPort, workerData } from 'node:worker_threads';
import { openCheckpoints } from './checkpoint-store.js';
import { Incarnation } from './incarnation.js';
import { openJournal } from './journal.js';
import { journalDirectory } from './journal-file.js';
import type { PartitionOptions, Task, TurnResult, TurnTask } from './slots.js';
import { takeTurns } from './turn-ring.js';
import { forgetWrites } from './whole-writes.js';

export interface WorkerOptions extends PartitionOptions {
  /** As `turn-ring.ts` says. */
  readonly turns: SharedArrayBuffer;
  readonly writes: SharedArrayBuffer;
}

/** The thread of one partition. */
const options = workerData as WorkerOptions;
forgetWrites(options.writes);
const incarnation = await Incarnation.begin(options, () => ({
  journal: openJournal(journalDirectory(options.directory), options),
  checkpoints: openCheckpoints(options.directory, options.durability, false, options.writes),
}));

void takeTurns(
  options.turns,
  (task) => incarnation.run(task) as Promise<TurnResult>,
  (message) => parentPort?.postMessage(message),
);

/** What is not a turn comes through piscina. */
export default function run(task: Exclude<Task, TurnTask>): Promise<unknown> {
  return incarnation.run(task);
}
