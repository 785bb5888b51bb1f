import { limits } from '../limits.js';
import type { Hash } from './hash.js';
import type { LocationIndex } from './location-index.js';

const WORDS = 4;

/** Additions and changes of the transaction index, in order, as a checkpoint stores them. */
export class Run {
  #words = new Uint32Array(4096 * WORDS);
  #used = 0;

  get bytes(): number {
    return this.#used * 4;
  }

  add(hash: Hash, frame: number, at: number, state: number): void {
    if (this.#used === this.#words.length) {
      const larger = new Uint32Array(this.#words.length * 2);
      larger.set(this.#words);
      this.#words = larger;
    }
    const high = Math.floor(frame / 4294967296);
    const unit = at / limits.entry_alignment_bytes;
    this.#words[this.#used] = ((hash.lane & 1023) << 22) | (high << 8) | state;
    this.#words[this.#used + 1] = hash.tag;
    this.#words[this.#used + 2] = frame % 4294967296;
    this.#words[this.#used + 3] = unit;
    this.#used += WORDS;
  }

  /** A copy of what it holds. */
  copy(): Uint32Array {
    return this.#words.slice(0, this.#used);
  }

  /** Forgets what it held. */
  clear(): void {
    this.#used = 0;
  }

  /** Puts back what an earlier run held, before anything is added. */
  resume(words: Uint32Array): void {
    this.#words = new Uint32Array(Math.max(words.length * 2, 4096 * WORDS));
    this.#words.set(words);
    this.#used = words.length;
  }
}

/** Brings the changes of a stored run into an index. */
export function loadRun(index: LocationIndex, words: Uint32Array): void {
  for (let i = 0; i < words.length; i += WORDS) {
    const first = words[i] as number;
    const frame = ((first >>> 8) & 0x3fff) * 4294967296 + (words[i + 2] as number);
    const at = (words[i + 3] as number) * limits.entry_alignment_bytes;
    index.upsertTag(first >>> 22, words[i + 1] as number, frame, at, first & 0xff);
  }
}
