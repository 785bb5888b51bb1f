/** What one page looks at and leaves out, at most; it may have fewer lines than asked for. */
export const LEFT_OUT = 5_000;
/** The same of all pages of a turn: whoever reads what is not there does not hold up the others. */
const LEFT_OUT_A_TURN = 20_000;
/** What all reads of a turn may take: then a page ends with what it has, and goes on from its cursor. */
const READS_MS = 50;
/** Entries that are looked at between two looks at the clock. */
const STRIDE = 16;

/** There was no time left in the turn for the answer, which has no shorter page. */
export const NO_TIME: unique symbol = Symbol('no time');

/** What the reads of a turn may cost together, of which each gets a little. */
export class ReadBudget {
  #leftOut = 0;
  /** What the reads of this turn have taken, and when the one that runs began. */
  #taken_ms = 0;
  #begun_ms = 0;

  /** A turn begins. */
  begin(): void {
    this.#leftOut = 0;
    this.#taken_ms = 0;
  }

  /** Runs one read of the turn. */
  spend<T>(read: () => T): T {
    this.#begun_ms = performance.now();
    try {
      return read();
    } finally {
      this.#taken_ms += performance.now() - this.#begun_ms;
    }
  }

  /** Whether the turn's time for reads is over. */
  get isSpent(): boolean {
    return this.#taken_ms + performance.now() - this.#begun_ms > READS_MS;
  }

  /** Whether a page that has left out so much, the last now, ends here. */
  mustEnd(leftOut: number): boolean {
    this.#leftOut += 1;
    if (leftOut >= LEFT_OUT || this.#leftOut >= LEFT_OUT_A_TURN) return true;
    return leftOut % STRIDE === 0 && this.isSpent;
  }

  /** Whether a search that has looked at so much has to stop, and goes on in another turn. */
  mustStop(lookedAt: number): boolean {
    return lookedAt % STRIDE === STRIDE - 1 && this.isSpent;
  }
}
