import assert from 'node:assert/strict';
import type { Tags } from './fingerprints.js';
import type { Hash } from './hash.js';
import { frameIn, highWord, lowWord, placeIn } from './place.js';

/**
 * Where entries are, by a 42-bit fingerprint: 12 bytes a slot outside the JavaScript heap, 15 to
 * 21 bytes for each location at the load this table keeps. A fingerprint is a hint: whoever asks
 * must verify it against the entry.
 *
 * L1 A slot is three words: the tag, and those of the place (`place.ts`) with 8 bits of state. No
 *    frame has number 0: a slot whose frame is 0 is free.
 * L2 The lane chooses one of 1,024 tables, each grown alone: no rehash takes longer than a
 *    thousandth of the whole.
 * L3 The tag's home slot is `tag * capacity / 2^32`; collisions take the next free slot.
 */
export const TABLES = 1024;
const SLOT_WORDS = 3;
const SMALLEST = 16;
const FULLEST = 0.8;
const GROWTH = 1.4;

export const STATES = { settled: 1, rolledBack: 2, tombstone: 4 } as const;

export type Verify = (frame: number, at: number) => boolean;

export class LocationIndex {
  readonly #tables: (Uint32Array | undefined)[] = new Array(TABLES).fill(undefined);
  readonly #used = new Uint32Array(TABLES);
  #size = 0;
  /** The state of the slot that `find` found. */
  state = 0;
  frame = 0;
  at = 0;
  #slot = 0;
  /** What `fetch` read: without it no compiler would have it read. */
  readonly #fetched = new Uint32Array(1);
  #table: Uint32Array = new Uint32Array(0);

  get size(): number {
    return this.#size;
  }

  /** What all tables take. */
  get bytes(): number {
    return this.#tables.reduce((sum, table) => sum + (table?.byteLength ?? 0), 0);
  }

  /**
   * Looks for a location under a fingerprint that `verify` confirms. If there is one, its place
   * and state are in `frame`, `at` and `state`, and `setState` or `move` change it.
   */
  find(hash: Hash, verify: Verify): boolean {
    return this.findTag(hash.lane, hash.tag, verify);
  }

  findTag(lane: number, tag: number, verify: Verify): boolean {
    const table = this.#tables[lane & (TABLES - 1)];
    if (table === undefined) return false;
    const capacity = table.length / SLOT_WORDS;
    let slot = homeOf(tag, capacity);
    for (;;) {
      const word = slot * SLOT_WORDS;
      const low = table[word + 1] as number;
      const rest = table[word + 2] as number;
      if (isFree(low, rest)) return false;
      if (table[word] === tag) {
        const frame = frameIn(low, rest);
        const at = placeIn(rest);
        if (verify(frame, at)) {
          this.frame = frame;
          this.at = at;
          this.state = rest & 0xff;
          this.#table = table;
          this.#slot = word;
          return true;
        }
      }
      slot = slot + 1 === capacity ? 0 : slot + 1;
    }
  }

  /** Reads where the slots of fingerprints begin, so that look-ups find them in the nearest cache. */
  fetch({ tags, lanes }: Tags, count: number): void {
    let read = 0;
    for (let i = 0; i < count; i++) {
      const table = this.#tables[(lanes[i] as number) & (TABLES - 1)];
      if (table === undefined) continue;
      const slot = homeOf(tags[i] as number, table.length / SLOT_WORDS);
      read ^= table[slot * SLOT_WORDS] as number;
    }
    this.#fetched[0] = read;
  }

  /** Changes the state of what `find` found last. */
  setState(state: number): void {
    const rest = this.#table[this.#slot + 2] as number;
    this.#table[this.#slot + 2] = ((rest & ~0xff) | state) >>> 0;
    this.state = state;
  }

  /** Moves what `find` found last to another location. */
  move(frame: number, at: number): void {
    this.#table[this.#slot + 1] = lowWord(frame);
    this.#table[this.#slot + 2] = packRest(frame, at, this.state);
  }

  insert({ lane, tag }: Hash, frame: number, at: number, state: number): void {
    assert.ok(frame > 0);
    const rest = packRest(frame, at, state);
    this.#insertWords(lane & (TABLES - 1), tag, lowWord(frame), rest);
  }

  #insertWords(lane: number, tag: number, low: number, rest: number): void {
    let table = this.#tables[lane];
    const used = this.#used[lane] as number;
    if (table === undefined || used + 1 > (table.length / SLOT_WORDS) * FULLEST) {
      table = this.#grow(lane, used + 1);
    }
    put(table, tag, low, rest);
    this.#used[lane] = used + 1;
    this.#size += 1;
  }

  /** Gives `state` to this location, which is inserted unless it is there. */
  upsertTag(lane: number, tag: number, frame: number, at: number, state: number): void {
    this.upsertWords(lane & (TABLES - 1), tag, lowWord(frame), packRest(frame, at, state));
  }

  /** The same for the words of a slot (L1). Recovery does this for every transaction. */
  upsertWords(lane: number, tag: number, low: number, rest: number): void {
    const table = this.#tables[lane];
    if (table !== undefined) {
      const capacity = table.length / SLOT_WORDS;
      let slot = homeOf(tag, capacity);
      for (;;) {
        const word = slot * SLOT_WORDS;
        const otherLow = table[word + 1] as number;
        const otherRest = table[word + 2] as number;
        if (isFree(otherLow, otherRest)) break;
        if (otherLow === low && table[word] === tag && otherRest >>> 8 === rest >>> 8) {
          table[word + 2] = rest;
          return;
        }
        slot = slot + 1 === capacity ? 0 : slot + 1;
      }
    }
    this.#insertWords(lane, tag, low, rest);
  }

  /** Makes room for `count` locations that are evenly spread over the tables. */
  reserve(count: number): void {
    for (let lane = 0; lane < TABLES; lane++) this.#grow(lane, Math.ceil((count / TABLES) * 1.05));
  }

  /** The tables `[from, to)` as they are, for `restore`. */
  dump(from: number, to: number): Uint32Array {
    const tables = this.#tables.slice(from, to).map((table) => table ?? new Uint32Array(0));
    const words = new Uint32Array(tables.reduce((sum, table) => sum + 2 + table.length, 0));
    let at = 0;
    for (const [i, table] of tables.entries()) {
      words[at] = this.#used[from + i] as number;
      words[at + 1] = table.length;
      words.set(table, at + 2);
      at += 2 + table.length;
    }
    return words;
  }

  /** Takes dumped tables, the first of them as table `from`; returns the number of the next. */
  restore(from: number, words: Uint32Array): number {
    let lane = from;
    for (let at = 0; at < words.length; lane++) {
      const length = words[at + 1] as number;
      this.#used[lane] = words[at] as number;
      this.#size += words[at] as number;
      if (length > 0) this.#tables[lane] = words.slice(at + 2, at + 2 + length);
      at += 2 + length;
    }
    return lane;
  }

  /** Every fingerprint, as lane and tag. */
  fingerprints(): Uint32Array {
    const words = new Uint32Array(2 * this.#size);
    let at = 0;
    for (const [lane, table] of this.#tables.entries()) {
      for (let word = 0; table !== undefined && word < table.length; word += SLOT_WORDS) {
        if (isFree(table[word + 1] as number, table[word + 2] as number)) continue;
        words[at++] = lane;
        words[at++] = table[word] as number;
      }
    }
    return words;
  }

  #grow(lane: number, needed: number): Uint32Array {
    const old = this.#tables[lane];
    const now = old === undefined ? 0 : old.length / SLOT_WORDS;
    const capacity = Math.max(SMALLEST, Math.ceil(needed / FULLEST) + 1, Math.ceil(now * GROWTH));
    if (capacity <= now) return old as Uint32Array;
    const table = new Uint32Array(capacity * SLOT_WORDS);
    for (let word = 0; old !== undefined && word < old.length; word += SLOT_WORDS) {
      const low = old[word + 1] as number;
      const rest = old[word + 2] as number;
      if (!isFree(low, rest)) put(table, old[word] as number, low, rest);
    }
    this.#tables[lane] = table;
    return table;
  }
}

/** L3. */
function homeOf(tag: number, capacity: number): number {
  return Math.floor((tag * capacity) / 4294967296);
}

function packRest(frame: number, at: number, state: number): number {
  return (highWord(frame, at) | state) >>> 0;
}

function isFree(low: number, rest: number): boolean {
  return low === 0 && rest >>> 24 === 0;
}

function put(table: Uint32Array, tag: number, low: number, rest: number): void {
  const capacity = table.length / SLOT_WORDS;
  let slot = homeOf(tag, capacity);
  for (;;) {
    const word = slot * SLOT_WORDS;
    if (isFree(table[word + 1] as number, table[word + 2] as number)) {
      table[word] = tag;
      table[word + 1] = low;
      table[word + 2] = rest;
      return;
    }
    slot = slot + 1 === capacity ? 0 : slot + 1;
  }
}
