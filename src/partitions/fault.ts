import { AssertionError } from 'node:assert/strict';
import { FrameFault } from './frame.js';

/** What is wrong with a journal that ends before the last frame that it is known to have had. */
export function faultOfEnd(last: number, known: number): string | undefined {
  if (last >= known) return undefined;
  return (
    `the journal ends at frame ${last}, but had ${known} when it was opened last: ` +
    'an older copy of the journal?'
  );
}

/** The same of one that ends before the frame that its checkpoint was taken after. */
export function faultOfCheckpoint(last: number, frame: number): string | undefined {
  if (last >= frame) return undefined;
  return (
    `the journal ends at frame ${last}, but the checkpoint was taken after frame ${frame}: ` +
    'an older copy of the journal?'
  );
}

export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

export function isFullDisk(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'ENOSPC' || code === 'EDQUOT';
}

/** What is wrong with a frame, in one line: Node draws the difference of two values below. */
export function faultIn(error: unknown): string {
  if (error instanceof FrameFault) return error.message;
  if (!(error instanceof AssertionError)) return `cannot be read: ${reasonOf(error)}`;
  const [said = ''] = error.message.split('\n');
  const { operator, actual, expected } = error;
  return operator === 'strictEqual' ? `${said}: ${String(actual)}, not ${String(expected)}` : said;
}
