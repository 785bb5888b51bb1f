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

  /** Writes a new id: 6 bytes of time, 2 of a count, 7 random ones, 1 of the partition. They ascend. */
  write(u8: Buffer, at: number, partition: number): void {
    const time = this.#clock.now();
    this.#count = time === this.#time ? this.#count + 1 : 0;
    // More than 65,536 in one millisecond: they go on in the next.
    if (this.#count > 0xffff) {
      this.#clock.raise(time + 1);
      this.write(u8, at, partition);
      return;
    }
    this.#time = time;
    u8.writeUIntBE(time, at, 6);
    u8.writeUInt16BE(this.#count, at + 6);
    if (this.#used === POOL_BYTES) {
      randomFillSync(this.#pool);
      this.#used = 0;
    }
    for (let i = 8; i < ID_BYTES - 1; i++) u8[at + i] = this.#pool[this.#used++] as number;
    u8[at + ID_BYTES - 1] = partition;
  }
}

/** The partition in a fresh id, 32 hex digits. */
export function partitionIn(fresh: string): number {
  return Number.parseInt(fresh.slice(30, 32), 16);
}

/** The bytes of an id, one character each, and perhaps more: a text costs less than a buffer. */
export type RequestId = string & { readonly __brand: 'request id' };

/** The id that a key makes in its scope: the same for every retry. */
export function idOf(scope: 'key' | 'event' | 'deliver' | 'settle', ...parts: string[]): RequestId {
  return hash('sha256', `${scope}\0${parts.join('\0')}`, 'binary') as RequestId;
}

export function writeId(u8: Buffer, at: number, id: RequestId): void {
  for (let i = 0; i < ID_BYTES; i++) u8[at + i] = id.charCodeAt(i);
}
