import type { Daily, Limits } from '../ledger/vocabulary.js';
import { Actor, ROW, WORD } from './actor.js';
import { allocateBytes, type Bytes } from './bytes.js';
import type { Currencies } from './currencies.js';
import { AHEAD } from './fingerprints.js';
import type { Hash } from './hash.js';

const SMALLEST = 1024;
const FULLEST = 0.6;
const CHUNK_ROWS = 16_384;
const KEY_LENGTH = 0xff;

/**
 * Actors by their users' ids, outside the JavaScript heap: a row each (`actor.ts`), in chunks that
 * never move, and their keys in one stretch of words. For a bet on a user who was not touched
 * lately the processor waits for three lines of memory: of the table, of the row and of the key.
 *
 * A1 A slot of the table is two words: the tag, and the number of the row plus one; 0 is free.
 * A2 The tag's home slot is its low bits; collisions take the next free slot.
 * A3 Rows are numbered in the order of their making; none is removed.
 */
export class ActorTable {
  /** Of the actors that have limits, by row; and the days of those that have counted one. */
  readonly limits = new Map<number, Limits>();
  readonly days = new Map<number, Daily>();
  readonly #currencies: Currencies;
  readonly #chunks: Bytes[] = [];
  #slots: Uint32Array;
  #size = 0;
  #keys = new Uint32Array(4 * SMALLEST);
  #keysEnd = 0;
  /** The rows that `fetch` found, and what it read: without that no compiler would have it read. */
  readonly #ahead = new Int32Array(AHEAD);
  readonly #fetched = new Uint32Array(1);

  /** `capacity` is that of a table as large: what has its size does not grow step by step. */
  constructor(currencies: Currencies, capacity: number = SMALLEST) {
    this.#currencies = currencies;
    this.#slots = new Uint32Array(2 * capacity);
  }

  get capacity(): number {
    return this.#slots.length / 2;
  }

  get size(): number {
    return this.#size;
  }

  /** The actor of a user id of `length` bytes at a multiple of 4, whose fingerprint is in the hash. */
  find({ tag }: Hash, bytes: Bytes, at: number, length: number): Actor | undefined {
    const slots = this.#slots;
    const mask = slots.length / 2 - 1;
    for (let slot = tag & mask; ; slot = (slot + 1) & mask) {
      const number = slots[2 * slot + 1] as number;
      if (number === 0) return undefined;
      if (slots[2 * slot] !== tag) continue;
      if (this.#hasKey(number - 1, bytes.u32, at >> 2, length)) return this.actor(number - 1);
    }
  }

  /** Reads the rows of tags and their keys, so that look-ups find them in the nearest cache. */
  fetch(tags: Uint32Array, count: number): void {
    const slots = this.#slots;
    const mask = slots.length / 2 - 1;
    let read = 0;
    for (let i = 0; i < count; i++) read ^= slots[2 * ((tags[i] as number) & mask)] as number;
    for (let i = 0; i < count; i++) {
      const row = this.#rowOf(tags[i] as number);
      this.#ahead[i] = row;
      if (row >= 0) read ^= this.#chunkOf(row).u32[wordOf(row)] as number;
    }
    for (let i = 0; i < count; i++) {
      const row = this.#ahead[i] as number;
      if (row < 0) continue;
      const key = this.#chunkOf(row).u32[wordOf(row) + WORD.key] as number;
      read ^= this.#keys[key] as number;
    }
    this.#fetched[0] = read;
  }

  /** The first row under a tag, which may be another user's; -1 when there is none. */
  #rowOf(tag: number): number {
    const slots = this.#slots;
    const mask = slots.length / 2 - 1;
    let slot = tag & mask;
    while (slots[2 * slot + 1] !== 0 && slots[2 * slot] !== tag) slot = (slot + 1) & mask;
    return (slots[2 * slot + 1] as number) - 1;
  }

  #hasKey(row: number, u32: Uint32Array, first: number, length: number): boolean {
    const rows = this.#chunkOf(row).u32;
    const word = wordOf(row);
    if (((rows[word + WORD.state] as number) & KEY_LENGTH) !== length) return false;
    const keys = this.#keys;
    const key = rows[word + WORD.key] as number;
    const whole = length >> 2;
    for (let i = 0; i < whole; i++) if (keys[key + i] !== u32[first + i]) return false;
    if ((length & 3) === 0) return true;
    return keys[key + whole] === lastWord(u32, first + whole, length);
  }

  /** A new actor for such a user id, with no entry yet; `currency` is where its eight bytes are. */
  add({ tag, lane }: Hash, bytes: Bytes, at: number, length: number, currency: number): Actor {
    const row = this.#newRow(tag);
    const { u32 } = this.#chunkOf(row);
    const word = wordOf(row);
    u32[word + WORD.key] = this.#addKey(bytes.u32, at >> 2, length);
    u32[word + WORD.state] = length;
    u32[word + WORD.currency] = bytes.u32[currency >> 2] as number;
    u32[word + WORD.currency + 1] = bytes.u32[(currency >> 2) + 1] as number;
    u32[word + WORD.tag] = tag;
    u32[word + WORD.lane] = lane;
    return this.actor(row);
  }

  /** The same actor as one of another table. */
  addCopy({ tag, row: from, limits, daily }: Actor, other: ActorTable): Actor {
    const row = this.#newRow(tag);
    const { u32 } = this.#chunkOf(row);
    const word = wordOf(row);
    const source = other.#chunkOf(from).u32;
    const first = wordOf(from);
    u32.set(source.subarray(first, first + ROW.words), word);
    const length = (u32[word + WORD.state] as number) & KEY_LENGTH;
    u32[word + WORD.key] = this.#addKey(other.#keys, source[first + WORD.key] as number, length);
    if (limits !== undefined) this.limits.set(row, limits);
    if (daily !== undefined) this.days.set(row, daily);
    return this.actor(row);
  }

  #newRow(tag: number): number {
    if (this.#size + 1 > (this.#slots.length / 2) * FULLEST) this.#grow();
    const row = this.#size;
    if (row % CHUNK_ROWS === 0) this.#chunks.push(allocateBytes(CHUNK_ROWS * ROW.bytes));
    this.#size += 1;
    put(this.#slots, tag, row + 1);
    return row;
  }

  #grow(): void {
    const old = this.#slots;
    this.#slots = new Uint32Array(2 * old.length);
    for (let word = 0; word < old.length; word += 2) {
      const number = old[word + 1] as number;
      if (number !== 0) put(this.#slots, old[word] as number, number);
    }
  }

  #addKey(u32: Uint32Array, first: number, length: number): number {
    const whole = length >> 2;
    const key = this.#keysEnd;
    this.#keysEnd += (length + 3) >> 2;
    if (this.#keysEnd > this.#keys.length) {
      const larger = new Uint32Array(2 * this.#keys.length);
      larger.set(this.#keys);
      this.#keys = larger;
    }
    for (let i = 0; i < whole; i++) this.#keys[key + i] = u32[first + i] as number;
    if ((length & 3) !== 0) this.#keys[key + whole] = lastWord(u32, first + whole, length);
    return key;
  }

  actor(row: number): Actor {
    const { u32, f64 } = this.#chunkOf(row);
    return new Actor(this, row, u32, f64, wordOf(row));
  }

  /** The user id's UTF-8 bytes, one character each. */
  keyOf(row: number): string {
    const { u32 } = this.#chunkOf(row);
    const word = wordOf(row);
    const start = 4 * (u32[word + WORD.key] as number);
    const length = (u32[word + WORD.state] as number) & KEY_LENGTH;
    return Buffer.from(this.#keys.buffer, start, length).toString('latin1');
  }

  currencyOf(row: number): string {
    return this.#currencies.read(this.#chunkOf(row), 4 * (wordOf(row) + WORD.currency));
  }

  #chunkOf(row: number): Bytes {
    return this.#chunks[Math.floor(row / CHUNK_ROWS)] as Bytes;
  }
}

/** The first word of a row in its chunk. */
function wordOf(row: number): number {
  return (row % CHUNK_ROWS) * ROW.words;
}

/** The bytes of a word that still belong to a text of `length` bytes, which ends in it. */
function lastWord(u32: Uint32Array, word: number, length: number): number {
  return ((u32[word] as number) & ((1 << (8 * (length & 3))) - 1)) >>> 0;
}

function put(slots: Uint32Array, tag: number, number: number): void {
  const mask = slots.length / 2 - 1;
  let slot = tag & mask;
  while (slots[2 * slot + 1] !== 0) slot = (slot + 1) & mask;
  slots[2 * slot] = tag;
  slots[2 * slot + 1] = number;
}
