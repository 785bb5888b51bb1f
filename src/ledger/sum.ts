const HALF = 2 ** 51;

/** An exact running sum of safe integers that may itself grow beyond 2^53. */
export class Sum {
  #large: bigint;
  #small = 0;

  constructor(value: bigint = 0n) {
    this.#large = value;
  }

  /** Adds a safe integer. */
  add(amount: number): void {
    if (Math.abs(amount) < HALF && Math.abs(this.#small) < HALF) this.#small += amount;
    else {
      this.#large += BigInt(this.#small) + BigInt(amount);
      this.#small = 0;
    }
  }

  value(): bigint {
    return this.#large + BigInt(this.#small);
  }
}
