// Loaded before everything else in every thread of a process (`node --import`). In a partition's
// thread it waits for word to fail in one of several ways.
import { BroadcastChannel, isMainThread, workerData } from 'node:worker_threads';

const ways = {
  exit: () => process.exit(1),
  memory: () => {
    const kept = [];
    for (;;) kept.push(new Array(100_000).fill(kept.length));
  },
  /** The next turn is durable, and then the thread ends before anybody hears of it. */
  unheard: async () => {
    const { Partition } = await import('../../dist/partitions/partition.js');
    const { turn } = Partition.prototype;
    Partition.prototype.turn = async function (task) {
      await turn.call(this, task);
      process.exit(1);
    };
  },
  /** The next turn throws after it has changed the memory. */
  exception: async () => {
    const { Turn } = await import('../../dist/partitions/turn.js');
    const { run } = Turn.prototype;
    Turn.prototype.run = function (...args) {
      run.apply(this, args);
      throw new Error('a fault in a turn');
    };
  },
};

if (!isMainThread && workerData?.partition !== undefined) {
  const channel = new BroadcastChannel('fault');
  channel.onmessage = ({ data }) => {
    if (data.partition === workerData.partition) ways[data.way]();
  };
  channel.unref();
}
