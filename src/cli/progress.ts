import type { Progress } from '../engine/options.js';

const SHOW_AFTER_MS = 1_000;
const SHOW_EVERY_MS = 100;
const ERASE_LINE = '\r\u001b[K';

/** One line on a terminal for work of more than a second; elsewhere nothing. */
export class ProgressLine {
  readonly #begun_ms = performance.now();
  #shown_ms = 0;

  readonly show = ({ what, done, total }: Progress): void => {
    const now_ms = performance.now();
    if (!process.stderr.isTTY || now_ms - this.#begun_ms < SHOW_AFTER_MS) return;
    if (now_ms - this.#shown_ms < SHOW_EVERY_MS) return;
    this.#shown_ms = now_ms;
    const of = total === undefined ? '' : ` of ${total.toLocaleString('en')}`;
    process.stderr.write(`${ERASE_LINE}${what}: ${done.toLocaleString('en')}${of}`);
  };

  /** Leaves the line empty. */
  end(): void {
    if (this.#shown_ms > 0) process.stderr.write(ERASE_LINE);
  }
}

/** Runs long work with its progress on the terminal. */
export async function withProgress<Result>(
  work: (show: (progress: Progress) => void) => Promise<Result>,
): Promise<Result> {
  const line = new ProgressLine();
  try {
    return await work(line.show);
  } finally {
    line.end();
  }
}
