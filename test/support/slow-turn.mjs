// Loaded before everything else in every thread (`node --import`). While the folder
// PURSER_TEST_HOOKS has a file `hang-0`, the batches of partition 0 do not come back; with a file
// `slow-0` they come back half a second later, with `mute-0` its books do not. With PURSER_TEST_TICK_MS
// each look at the main thread's clock takes that long, and a turn of 64 requests may be late.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { isMainThread, workerData } from 'node:worker_threads';

const tick_ms = Number(process.env.PURSER_TEST_TICK_MS ?? 0);

if (isMainThread && tick_ms > 0) {
  const { limits } = await import('../../dist/server/limits.js');
  limits.turn_requests = 64;
  const now = performance.now.bind(performance);
  let shift = 0;
  performance.now = () => {
    shift += tick_ms;
    return now() + shift;
  };
}

if (!isMainThread && workerData?.partition !== undefined) {
  const { Partition } = await import('../../dist/partitions/partition.js');
  const { turn, books } = Partition.prototype;
  const file = (kind) =>
    join(process.env.PURSER_TEST_HOOKS ?? '.', `${kind}-${workerData.partition}`);
  Partition.prototype.turn = async function (task) {
    const result = await turn.call(this, task);
    if (existsSync(file('slow'))) await wait(500);
    while (existsSync(file('hang'))) await wait(5);
    return result;
  };
  Partition.prototype.books = async function () {
    while (existsSync(file('mute'))) await wait(5);
    return books.call(this);
  };
}
