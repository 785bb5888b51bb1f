import { limits } from '../limits.js';

const DECAY_BATCHES = 10;

/**
 * How many batches may wait for a partition, so that the last one is answered in time. With n of
 * them at the thread, each for r milliseconds, n / r leave it a millisecond (Little's law): the
 * one at place k of those that wait is answered after r * (k / n + 1).
 */
export class Admission {
  /** How long batches are with the thread: up at once, down by a tenth with each one. */
  #residence_ms = 0;
  /** How long the oldest one has been there, as far as it was watched. */
  #watched_ms = 0;

  returned(residence_ms: number): void {
    const less_ms = this.#residence_ms + (residence_ms - this.#residence_ms) / DECAY_BATCHES;
    this.#residence_ms = Math.max(residence_ms, less_ms);
    this.#watched_ms = 0;
  }

  /** Counted in watches: a long turn of the event loop is not the thread's. */
  watched(age_ms: number): void {
    this.#watched_ms = age_ms;
  }

  /** Infinity before anything came back; never less than `mailbox_least_batches`. */
  get batches(): number {
    const residence_ms = Math.max(this.#residence_ms, this.#watched_ms);
    const inTime = limits.mailbox_answer_ms / residence_ms - 1;
    const most = Math.floor(limits.partition_batches_in_flight * inTime);
    return Math.max(limits.mailbox_least_batches, most);
  }
}
