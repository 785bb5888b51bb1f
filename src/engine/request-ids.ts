import { hash, randomFillSync } from 'node:crypto';
import type { Clock } from './clock.js';

const ID_BYTES = 16;
const POOL_BYTES = 7 * 512;

/** Makes the ids of requests; all are 16 bytes. */
export class RequestIds {
  readonly #clock: Clock;
  readonly #pool = Buffer.alloc(POOL_BYTES);
  #used = POOL_BYTES;
  #time = 0;
  #count = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** A new id: 6 bytes of time, 2 of a count, 7 random ones, 1 of the partition. They ascend. */
  fresh(partition: number): Buffer {
    const time = this.#clock.now();
    this.#count = time === this.#time ? this.#count + 1 : 0;
    // More than 65,536 in one millisecond: they go on in the next.
    if (this.#count > 0xffff) this.#clock.raise(time + 1);
    if (this.#count > 0xffff) return this.fresh(partition);
    this.#time = time;
    const id = Buffer.allocUnsafe(ID_BYTES);
    id.writeUIntBE(time, 0, 6);
    id.writeUInt16BE(this.#count, 6);
    if (this.#used === POOL_BYTES) {
      randomFillSync(this.#pool);
      this.#used = 0;
    }
    this.#pool.copy(id, 8, this.#used, this.#used + 7);
    this.#used += 7;
    id[15] = partition;
    return id;
  }
}

/** The partition in a fresh id, 32 hex digits. */
export function partitionIn(fresh: string): number {
  return Number.parseInt(fresh.slice(30, 32), 16);
}

/** The id that a key makes in its scope: the same for every retry. */
export function idOf(scope: 'key' | 'event' | 'deliver' | 'settle', ...parts: string[]): Buffer {
  return hash('sha256', `${scope}\0${parts.join('\0')}`, 'buffer').subarray(0, ID_BYTES);
}
