import { mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { limits } from '../limits.js';
import { freeBytes } from './data-file.js';
import { faultOfEnd } from './fault.js';
import { FrameFault } from './frame.js';
import { readChecked } from './frame-store.js';
import { type Journal, openJournal } from './journal.js';
import { journalDirectory } from './journal-file.js';
import { lastBefore } from './moment.js';
import { openStill } from './visit.js';

const FRAMES_A_COMMIT = 256;

/**
 * Copies the frames of a partition's journal that were begun before a moment (milliseconds since
 * 1970, the same for all partitions) into a new one, each checked on the way. It must have the
 * frame that it is known to have had.
 * The checkpoint is left out: it is a cache, and the copy's first start replays the journal.
 */
export async function copyJournal(
  from: string,
  to: string,
  before: number,
  known: number,
  onFrame: (done: number, total: number) => void,
): Promise<void> {
  mkdirSync(journalDirectory(to), { recursive: true, mode: 0o700 });
  refuseWithoutRoom(from, to);
  const source = await openStill(from, () => {
    return openJournal(journalDirectory(from), { durability: 'disk', readOnly: true });
  });
  const target = openJournal(journalDirectory(to), { durability: 'disk' });
  try {
    const older = faultOfEnd(source.last, known);
    if (older !== undefined) throw new FrameFault(older);
    const last = lastBefore(source, before);
    for (let number = 1; number <= last; number += FRAMES_A_COMMIT) {
      if (!target.hasRoom()) throw noRoom(to);
      const end = Math.min(last, number + FRAMES_A_COMMIT - 1);
      await copyFrames(source, target, number, end);
      onFrame(end, last);
    }
  } finally {
    await source.close();
    await target.close();
  }
}

function refuseWithoutRoom(from: string, to: string): void {
  const { size } = statSync(join(journalDirectory(from), 'data.mdb'));
  if (freeBytes(to) < size + limits.disk_reserve_bytes) throw noRoom(to);
}

/** Asked for before: a full file system can end the process that writes. */
function noRoom(to: string): Error {
  return new Error(`${to} lacks space`);
}

/** Frames that are appended together share a commit. */
async function copyFrames(
  source: Journal,
  target: Journal,
  from: number,
  to: number,
): Promise<void> {
  let durable = Promise.resolve();
  for (let number = from; number <= to; number++) {
    durable = target.append(number, Buffer.from(readChecked(source, number)));
  }
  await durable;
}
