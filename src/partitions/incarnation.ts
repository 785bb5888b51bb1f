import { CheckpointFault, type CheckpointStore } from './checkpoint-store.js';
import type { Journal } from './journal.js';
import { Partition } from './partition.js';
import type { Hello, PartitionOptions, Task, TurnResult } from './slots.js';

/** What a partition keeps on its disk. */
export interface Files {
  readonly journal: Journal;
  readonly checkpoints: CheckpointStore;
}

/**
 * One life of a partition, from a recovery to a failure. It has recovered before it takes its
 * first task; a task for another epoch was meant for one that is dead, and is refused. After a
 * failure it refuses everything: its memory may be ahead of its disk.
 */
export class Incarnation {
  readonly #epoch: number;
  readonly #partition: Partition | undefined;
  #failure: unknown;

  private constructor(epoch: number, partition: Partition | undefined, failure: unknown) {
    this.#epoch = epoch;
    this.#partition = partition;
    this.#failure = failure;
  }

  /** Recovers. A recovery that fails is told to whoever asks: the pool would try for ever. */
  static async begin(options: PartitionOptions, open: () => Files): Promise<Incarnation> {
    const epoch = Atomics.add(new Int32Array(options.epochs), 0, 1) + 1;
    try {
      const { journal, checkpoints } = open();
      const partition = new Partition(options, journal, checkpoints);
      await partition.begin(Date.now());
      return new Incarnation(epoch, partition, undefined);
    } catch (error) {
      return new Incarnation(epoch, undefined, error);
    }
  }

  async run(task: Task): Promise<unknown> {
    const partition = this.#partition;
    if (partition === undefined) throw this.#failure;
    if (task.kind === 'hello') return this.#hello(partition);
    if (task.epoch !== this.#epoch) {
      throw new Error(`this thread is epoch ${this.#epoch}, not ${task.epoch}`);
    }
    if (this.#failure !== undefined) throw this.#failure;
    try {
      return await perform(partition, task);
    } catch (error) {
      this.#failure = error;
      // Else the next one would meet the same bytes.
      if (error instanceof CheckpointFault) await partition.forgetCheckpoint();
      throw error;
    }
  }

  #hello({ frame, time, notice }: Partition): Hello {
    return { epoch: this.#epoch, frame, time, notice };
  }
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
