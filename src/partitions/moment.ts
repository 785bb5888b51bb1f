import { dirname } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { faultOfDataFile } from './data-file.js';
import { timeOfStored } from './frame.js';
import { type Journal, openJournal } from './journal.js';
import { journalDirectory } from './journal-file.js';
import { openStill } from './visit.js';

/**
 * A moment, milliseconds since 1970: frames of all these partitions that were begun before it are a
 * whole, for whatever a frame depends on was begun no later. All that is durable now belongs to it.
 * It is over when this resolves: nothing that is begun from then on belongs to it, also where the
 * machine's clock was put back and the journals go by a later one.
 */
export async function momentOf(
  directories: readonly string[],
  onRead: (partition: number) => void = () => {},
): Promise<number> {
  let newest = Date.now();
  for (const [partition, directory] of directories.entries()) {
    onRead(partition);
    newest = Math.max(newest, await newestTime(journalDirectory(directory)));
  }
  await wait(2);
  return newest + 1;
}

/** Of a journal that cannot be read it is no time at all: whoever walks it then says why. */
async function newestTime(path: string): Promise<number> {
  try {
    if (faultOfDataFile(path) !== undefined) return Number.NEGATIVE_INFINITY;
    const journal = await openStill(dirname(path), () => {
      return openJournal(path, { durability: 'disk', readOnly: true });
    });
    const newest = journal.read(journal.last);
    const time = newest === undefined ? Number.NEGATIVE_INFINITY : timeOfStored(newest);
    await journal.close();
    return time;
  } catch {
    return Number.NEGATIVE_INFINITY;
  }
}

/** The last frame that was begun before a moment. */
export function lastBefore(journal: Journal, before: number): number {
  let { last } = journal;
  while (last > 0) {
    const stored = journal.read(last);
    if (stored === undefined || !(timeOfStored(stored) >= before)) break;
    last -= 1;
  }
  return last;
}
