/**
 * The time of all partitions: it never goes back, also over a restart after the machine's clock was
 * put back. What one partition sends another is so never older there than where it came from. While
 * the machine's clock is behind, the time goes on from the last one at the pace of the steady clock.
 */
export class Clock {
  #last = 0;
  /** How far the time is ahead of the steady clock, while that is what it goes by. */
  #lead: number | undefined;

  /** Milliseconds since 1970. */
  now(): number {
    const now = Date.now();
    if (now >= this.#last) {
      this.#lead = undefined;
      this.#last = now;
    } else {
      const steady = performance.now();
      // After the last one: a moment that has it (`partitions/moment.ts`) may be over.
      this.#lead ??= this.#last + 1 - steady;
      this.#last = Math.max(this.#last, Math.floor(this.#lead + steady));
    }
    return this.#last;
  }

  /** An entry of this time is there already. */
  raise(time: number): void {
    if (time <= this.#last) return;
    this.#last = time;
    this.#lead = undefined;
  }
}
