import { AssertionError } from 'node:assert/strict';
import { FrameFault } from './frame.js';

export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** What is wrong with a frame, in one line: Node draws the difference of two values below. */
export function faultIn(error: unknown): string {
  if (error instanceof FrameFault) return error.message;
  if (!(error instanceof AssertionError)) return `cannot be read: ${reasonOf(error)}`;
  const [said = ''] = error.message.split('\n');
  const { operator, actual, expected } = error;
  return operator === 'strictEqual' ? `${said}: ${String(actual)}, not ${String(expected)}` : said;
}
