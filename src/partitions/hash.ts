import type { Bytes } from './bytes.js';

/**
 * Two 32-bit lanes of a seeded hash, after MurmurHash3's mixing. Ids that differ in few bits
 * (sequential, time-ordered, sharing a prefix) spread as random ones do; the seed is the data
 * directory's own, so that nobody can prepare ids that collide.
 */
export class Hash {
  /** The eight bytes that it was made with. */
  readonly seed: Uint8Array;
  readonly #seed: number;
  readonly #seed2: number;
  /** Results of the last call: `tag` orders a table, `lane` chooses among tables. */
  tag = 0;
  lane = 0;

  constructor(seed: Uint8Array) {
    this.seed = seed;
    const view = new DataView(seed.buffer, seed.byteOffset, seed.byteLength);
    this.#seed = view.getUint32(0, true) | 0;
    this.#seed2 = view.getUint32(4, true) | 0;
  }

  /** Hashes the four words of a uuid at a multiple of 4. */
  uuid(bytes: Bytes, at: number): void {
    const { u32 } = bytes;
    const i = at >> 2;
    let a = this.#seed;
    let b = this.#seed2;
    for (let word = 0; word < 4; word++) {
      const value = u32[i + word] as number;
      a = mix(a, value);
      b = mix(b, value ^ 0x5bd1e995);
    }
    this.#finish(a, b, 16);
  }

  /** Hashes `length` bytes that begin at a multiple of 4. */
  text({ u32 }: Bytes, at: number, length: number): void {
    let a = this.#seed2;
    let b = this.#seed;
    const first = at >> 2;
    const whole = length >> 2;
    for (let word = 0; word < whole; word++) {
      const value = u32[first + word] as number;
      a = mix(a, value);
      b = mix(b, value ^ 0x5bd1e995);
    }
    const rest = length & 3;
    if (rest !== 0) {
      const value = (u32[first + whole] as number) & ((1 << (8 * rest)) - 1);
      a = mix(a, value);
      b = mix(b, value ^ 0x5bd1e995);
    }
    this.#finish(a, b, length);
  }

  /** Hashes a uuid together with a user: the key of a tombstone. */
  uuidOfUser(bytes: Bytes, at: number, userAt: number, length: number): void {
    this.text(bytes, userAt, length);
    const { tag, lane } = this;
    this.uuid(bytes, at);
    this.#finish(mix(tag | 0, this.tag), mix(lane | 0, this.lane), length);
  }

  #finish(a: number, b: number, length: number): void {
    this.tag = finalize(a ^ length) >>> 0;
    this.lane = finalize(b ^ length ^ Math.imul(this.tag, 0x2545f491)) >>> 0;
  }
}

function mix(hash: number, value: number): number {
  let k = Math.imul(value, 0xcc9e2d51);
  k = (k << 15) | (k >>> 17);
  let h = hash ^ Math.imul(k, 0x1b873593);
  h = (h << 13) | (h >>> 19);
  return (Math.imul(h, 5) + 0xe6546b64) | 0;
}

function finalize(hash: number): number {
  let h = hash ^ (hash >>> 16);
  h = Math.imul(h, 0x85ebca6b);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2ae35);
  return h ^ (h >>> 16);
}
