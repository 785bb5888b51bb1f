import type { Bytes } from './bytes.js';

/**
 * Two 32-bit lanes of a hash that is keyed with the data directory's own seed. Ids that differ in few
 * bits (sequential, time-ordered, sharing a prefix) spread as random ones do.
 *
 * Texts are hashed with HalfSipHash-1-3, so that nobody can prepare names that collide: with a hash
 * that only begins with its seed, some names collide under every seed. A uuid has four words, too few
 * for more than a handful: MurmurHash3's mixing is enough for it, and takes a third of the time.
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
    let v0 = this.#seed;
    let v1 = this.#seed2;
    let v2 = this.#seed ^ 0x6c796765;
    let v3 = this.#seed2 ^ 0x74656462;
    const first = at >> 2;
    const whole = length >> 2;
    const rest = 8 * (length & 3);
    const last =
      (length << 24) | (rest === 0 ? 0 : (u32[first + whole] as number) & ((1 << rest) - 1));
    // A round for each word, for the last one with the length, and three to end with.
    for (let round = 0; round < whole + 4; round++) {
      let word = 0;
      if (round < whole) word = u32[first + round] as number;
      else if (round === whole) word = last;
      else if (round === whole + 1) v2 ^= 0xff;
      v3 ^= word;
      v0 = (v0 + v1) | 0;
      v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0;
      v0 = (v0 << 16) | (v0 >>> 16);
      v2 = (v2 + v3) | 0;
      v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2;
      v0 = (v0 + v3) | 0;
      v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0;
      v2 = (v2 + v1) | 0;
      v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2;
      v2 = (v2 << 16) | (v2 >>> 16);
      v0 ^= word;
    }
    this.tag = (v1 ^ v3) >>> 0;
    this.lane = finalize(v0 ^ v2) >>> 0;
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
