const INTERVAL_MS = 100;

/** Tells how long the oldest of something has been there: the clock may jump, its watches cannot. */
export class Watchdog<Watched extends object> {
  readonly #oldest: () => Watched | undefined;
  readonly #tell: (age_ms: number) => void;
  readonly #timer: NodeJS.Timeout;
  #last: Watched | undefined;
  #watches = 0;

  constructor(oldest: () => Watched | undefined, tell: (age_ms: number) => void) {
    this.#oldest = oldest;
    this.#tell = tell;
    this.#timer = setInterval(() => this.#watch(), INTERVAL_MS).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #watch(): void {
    const oldest = this.#oldest();
    this.#watches = oldest !== undefined && oldest === this.#last ? this.#watches + 1 : 0;
    this.#last = oldest;
    this.#tell(this.#watches * INTERVAL_MS);
  }
}
