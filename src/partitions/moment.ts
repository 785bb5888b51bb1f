import { timeOfStored } from './frame.js';
import type { Journal } from './journal.js';

/**
 * The last frame that was begun before a moment, milliseconds since 1970. Frames of all partitions
 * up to the same moment are a whole: whatever a frame depends on was begun no later than it.
 */
export function lastBefore(journal: Journal, before: number): number {
  let { last } = journal;
  const newest = journal.read(last);
  // Of a time to come: the clock was put back, and says nothing about what came when.
  if (newest === undefined || timeOfStored(newest) > Date.now() + 1000) return last;
  while (last > 0) {
    const stored = journal.read(last);
    if (stored === undefined || !(timeOfStored(stored) >= before)) break;
    last -= 1;
  }
  return last;
}
