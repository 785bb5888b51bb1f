import { limits } from '../limits.js';

/** How long a turn has been under way: what takes long waits for another one when it is over. */
export class TurnTime {
  #begun_ms = 0;

  /** A turn begins. */
  begin(): void {
    this.#begun_ms = performance.now();
  }

  get isOver(): boolean {
    return performance.now() - this.#begun_ms > limits.turn_requests_ms;
  }
}
