import { mkdirSync } from 'node:fs';
import { checkFrame, FrameFault } from './frame.js';
import { type Journal, journalDirectory, openJournal } from './journal.js';

const FRAMES_A_COMMIT = 256;

/**
 * Copies the frames that a partition's journal has now into a new one, each checked on the way.
 * The checkpoint is left out: it is a cache, and the copy's first start replays the journal.
 */
export async function copyJournal(
  from: string,
  to: string,
  onFrame: (done: number, total: number) => void,
): Promise<void> {
  mkdirSync(journalDirectory(to), { recursive: true, mode: 0o700 });
  const source = openJournal(journalDirectory(from), { durability: 'disk', readOnly: true });
  const target = openJournal(journalDirectory(to), { durability: 'disk' });
  try {
    const { last } = source;
    for (let number = 1; number <= last; number += FRAMES_A_COMMIT) {
      const end = Math.min(last, number + FRAMES_A_COMMIT - 1);
      await copyFrames(source, target, number, end);
      onFrame(end, last);
    }
  } finally {
    await source.close();
    await target.close();
  }
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
    const stored = source.read(number);
    if (stored === undefined) throw new FrameFault(`frame ${number} is missing`);
    checkFrame(stored);
    durable = target.append(number, Buffer.from(stored));
  }
  await durable;
}
