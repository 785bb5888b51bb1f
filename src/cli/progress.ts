import type { Progress } from '../engine/options.js';

const SHOW_AFTER_MS = 1_000;
const SHOW_EVERY_MS = 100;
const ERASE_LINE = '\r\u001b[K';

/** Runs work with its progress in one line on a terminal, once it takes more than a second. */
export async function withProgress<Result>(
  work: (show: (progress: Progress) => void) => Promise<Result>,
): Promise<Result> {
  const begun_ms = performance.now();
  let shown_ms = 0;
  const show = ({ what, done, total }: Progress): void => {
    const now_ms = performance.now();
    if (!process.stderr.isTTY || now_ms - begun_ms < SHOW_AFTER_MS) return;
    if (now_ms - shown_ms < SHOW_EVERY_MS) return;
    shown_ms = now_ms;
    const of = total === undefined ? '' : ` of ${total.toLocaleString('en')}`;
    process.stderr.write(`${ERASE_LINE}${what}: ${done.toLocaleString('en')}${of}`);
  };
  try {
    return await work(show);
  } finally {
    if (shown_ms > 0) process.stderr.write(ERASE_LINE);
  }
}
