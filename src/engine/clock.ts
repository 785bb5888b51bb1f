/**
 * The time of all partitions: it never goes back, also over a restart after the machine's clock was
 * put back. What one partition sends another is so never older there than where it came from.
 */
export class Clock {
  #last = 0;

  /** Milliseconds since 1970. */
  now(): number {
    this.#last = Math.max(this.#last, Date.now());
    return this.#last;
  }

  /** An entry of this time is there already. */
  raise(time: number): void {
    this.#last = Math.max(this.#last, time);
  }
}
