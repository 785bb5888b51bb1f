import { workerData } from 'node:worker_threads';
import { openCheckpoints } from './checkpoint-store.js';
import { Incarnation } from './incarnation.js';
import { openJournal } from './journal.js';
import { journalDirectory } from './journal-file.js';
import type { PartitionOptions, Task } from './slots.js';

/** The thread of one partition. */
const options = workerData as PartitionOptions;
const incarnation = await Incarnation.begin(options, () => ({
  journal: openJournal(journalDirectory(options.directory), options),
  checkpoints: openCheckpoints(options.directory, options.durability, false, options.writes),
}));

export default function run(task: Task): Promise<unknown> {
  return incarnation.run(task);
}
