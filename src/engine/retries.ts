import { EngineError } from './errors.js';

const FIRST_PAUSE_MS = 20;
const LONGEST_PAUSE_MS = 30_000;

/** What the engine does for itself, again and again until it is done or the wallet closes. */
export class Retries {
  /** What ends each pause; there can be as many of them as messages that wait for their recipients. */
  readonly #pauses = new Set<() => void>();
  #stopped = false;

  get stopped(): boolean {
    return this.#stopped;
  }

  stop(): void {
    this.#stopped = true;
    for (const end of this.#pauses) end();
  }

  /**
   * Tries until there is an outcome that will do; undefined when the wallet closes first. Rejects
   * when so many attempts have failed.
   */
  async until<T>(
    attempt: () => Promise<T>,
    isEnough: (found: T) => boolean = () => true,
    attempts: number = Number.POSITIVE_INFINITY,
  ): Promise<T | undefined> {
    let pause = FIRST_PAUSE_MS;
    for (let tried = 1; !this.stopped; tried += 1) {
      try {
        const found = await attempt();
        if (isEnough(found)) return found;
      } catch (error) {
        // Its outcome is unknown or nothing was done: both times it is safe to try again.
        if (!(error instanceof EngineError)) throw error;
        if (error.code === 'closed') return undefined;
        if (tried >= attempts) throw error;
      }
      await this.#pause(pause);
      pause = Math.min(2 * pause, LONGEST_PAUSE_MS);
    }
    return undefined;
  }

  /** Shorter when it is stopped. */
  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const end = (): void => {
        clearTimeout(timer);
        this.#pauses.delete(end);
        resolve();
      };
      const timer = setTimeout(end, this.#stopped ? 0 : ms);
      timer.unref();
      this.#pauses.add(end);
    });
  }
}
