import { limits } from '../limits.js';
import type { PartitionHealth } from './wallet.js';

/** The life of a partition: `recovering` and `serving` in turn, until one of the others. */
export type State =
  | { readonly kind: 'recovering'; readonly reason?: string }
  | { readonly kind: 'serving'; readonly epoch: number }
  | { readonly kind: 'failed'; readonly reason: string }
  | { readonly kind: 'closed' };

/** The lives of a partition's threads: another begins after each, after several short ones later. */
export class Lives {
  #begun_ms = 0;
  #short = 0;

  begin(): void {
    this.#begun_ms = performance.now();
  }

  /** Begins the next life, in several attempts if it must; rejects as the last one did. */
  async next(attempt: (pause_ms: number) => Promise<void>): Promise<void> {
    let pause_ms = this.#end();
    for (let failed = 0; ; ) {
      try {
        return await attempt(pause_ms);
      } catch (error) {
        failed += 1;
        if (failed === limits.recovery_attempts) throw error;
        pause_ms = 50 * 2 ** failed;
      }
    }
  }

  /** How long the next one waits: a disk that fails every time fails no less for being asked more. */
  #end(): number {
    const isShort = performance.now() - this.#begun_ms < limits.short_life_ms;
    this.#short = isShort ? this.#short + 1 : 0;
    return this.#short < 2 ? 0 : Math.min(100 * 2 ** (this.#short - 2), limits.restart_pause_ms);
  }
}

type Counts = Pick<PartitionHealth, 'partition' | 'pending' | 'restarts'>;

/** What others hear of a partition in this state. */
export function healthOf(state: State, counts: Counts): PartitionHealth {
  const health = { ...counts, state: state.kind };
  return 'reason' in state ? { ...health, reason: state.reason } : health;
}
