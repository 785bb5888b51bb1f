import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import type { Collection } from '../ledger/request.js';
import type { StoredDocument } from './checkpoint-store.js';
import { isNull, packInto, unpackAt } from './packing.js';
import { eachChange } from './request-record.js';

const FIRST_BYTES = 64 * 1024;
const LARGEST_BYTES = 2 ** 31 - 1;
const FIRST_ENTRIES = 256;
/** In a document's length, which is in front of its value. */
const LENGTH_BYTES = 4;
/** An id that is looked for, packed; it grows with the longest. */
let wanted = Buffer.allocUnsafeSlow(512);
/** Nobody can prepare ids that collide. */
const SEED = randomInt(2 ** 32);

/** Words of an entry: where its id and its value are, whose it is, the owner's one before, its hash. */
const WORD = { id: 0, value: 1, owner: 2, before: 3, hash: 4 } as const;
const WORDS = 5;
const NONE = 0;
const SORTED_OWNERS = 16;

/**
 * The newest values of documents, packed, in one stretch of memory, and the index of them in
 * another. As objects the values took five times the room, and the collector of garbage most of the
 * time that an order took; ids as texts, in a map for each owner, another tenth.
 *
 * Y1 Changes are copied as their entry packed them; an id is compared as its packed bytes.
 * Y2 An entry stands for one document. Its number begins at 1, so that 0 is none of them.
 */
export class Layer {
  #bytes = Buffer.alloc(0);
  #end = 0;
  #entries = new Int32Array(0);
  #count = 0;
  /** Numbers of entries by their hashes; a free place is 0. Never more than half full. */
  #places = new Int32Array(0);
  readonly #owners = new Map<string, number>();
  readonly #names: string[] = [];
  /** The newest entry of each owner. */
  readonly #last: number[] = [];
  #size = 0;
  /** Ids that were read last, and the newest entry among them: pages of a list are read in a row. */
  readonly #sorted = new Map<number, { readonly last: number; readonly ids: readonly string[] }>();

  /** How many changes it was given. */
  get size(): number {
    return this.#size;
  }

  /** What those changes take. */
  get bytes(): number {
    return this.#end;
  }

  /** Keeps a copy of the packed changes at `at`. */
  add(actor: string, bytes: Buffer, at: number): void {
    const shift = this.#end - at;
    // What is not there in full throws before anything is noted.
    const end = eachChange(bytes, at, () => {});
    this.#reserve(end - at);
    bytes.copy(this.#bytes, this.#end, at, end);
    eachChange(bytes, at, (collection, id, value) => {
      this.#note(this.#ownerNumber(ownerOf(actor, collection)), id + shift, value + shift);
    });
    this.#end += end - at;
  }

  #reserve(length: number): void {
    assert.ok(this.#end + length <= LARGEST_BYTES, 'places of documents are 31 bits');
    if (this.#end + length <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(FIRST_BYTES, 2 * (this.#end + length)));
    this.#bytes.copy(larger, 0, 0, this.#end);
    this.#bytes = larger;
  }

  #ownerNumber(name: string): number {
    const known = this.#owners.get(name);
    if (known !== undefined) return known;
    const owner = this.#names.push(name) - 1;
    this.#last.push(NONE);
    this.#owners.set(name, owner);
    return owner;
  }

  #note(owner: number, id: number, value: number): void {
    this.#size += 1;
    const idBytes = value - LENGTH_BYTES - id;
    const hash = hashOf(owner, this.#bytes, id, idBytes);
    const known = this.#find(owner, hash, this.#bytes, id, idBytes);
    if (known === NONE) this.#add(owner, hash, id, value);
    else {
      this.#entries[known * WORDS + WORD.id] = id;
      this.#entries[known * WORDS + WORD.value] = value;
    }
  }

  #add(owner: number, hash: number, id: number, value: number): void {
    if (2 * (this.#count + 1) > this.#places.length) this.#grow();
    this.#count += 1;
    const at = this.#count * WORDS;
    this.#entries[at + WORD.id] = id;
    this.#entries[at + WORD.value] = value;
    this.#entries[at + WORD.owner] = owner;
    this.#entries[at + WORD.before] = this.#last[owner] as number;
    this.#entries[at + WORD.hash] = hash;
    this.#last[owner] = this.#count;
    this.#place(this.#count, hash);
  }

  #grow(): void {
    const room = Math.max(FIRST_ENTRIES, this.#places.length * 2);
    const entries = new Int32Array((room / 2 + 1) * WORDS);
    entries.set(this.#entries);
    this.#entries = entries;
    this.#places = new Int32Array(room);
    for (let entry = 1; entry <= this.#count; entry++) {
      this.#place(entry, entries[entry * WORDS + WORD.hash] as number);
    }
  }

  #place(entry: number, hash: number): void {
    const mask = this.#places.length - 1;
    let place = hash & mask;
    while (this.#places[place] !== NONE) place = (place + 1) & mask;
    this.#places[place] = entry;
  }

  /** The entry of the document whose packed id is at `at` of `bytes`. */
  #find(owner: number, hash: number, bytes: Buffer, at: number, length: number): number {
    const mask = this.#places.length - 1;
    if (mask < 0) return NONE;
    for (let place = hash & mask; ; place = (place + 1) & mask) {
      const entry = this.#places[place] as number;
      if (entry === NONE) return NONE;
      const word = entry * WORDS;
      if (this.#entries[word + WORD.hash] !== hash) continue;
      if (this.#entries[word + WORD.owner] !== owner) continue;
      if (this.#hasId(word, bytes, at, length)) return entry;
    }
  }

  #hasId(word: number, bytes: Buffer, at: number, length: number): boolean {
    const id = this.#entries[word + WORD.id] as number;
    const value = this.#entries[word + WORD.value] as number;
    if (value - LENGTH_BYTES - id !== length) return false;
    for (let i = 0; i < length; i++) if (this.#bytes[id + i] !== bytes[at + i]) return false;
    return true;
  }

  /** Undefined when the document did not change. */
  read(actor: string, collection: Collection, id: string): unknown {
    const owner = this.#owners.get(ownerOf(actor, collection));
    if (owner === undefined) return undefined;
    const length = packWanted(id);
    const entry = this.#find(owner, hashOf(owner, wanted, 0, length), wanted, 0, length);
    if (entry === NONE) return undefined;
    return unpackAt(this.#bytes, this.#entries[entry * WORDS + WORD.value] as number);
  }

  /** Ids of an owner's changed documents, ascending, those that are no more included. */
  ids(actor: string, collection: Collection): readonly string[] {
    const owner = this.#owners.get(ownerOf(actor, collection));
    if (owner === undefined) return [];
    const last = this.#last[owner] as number;
    const known = this.#sorted.get(owner);
    if (known?.last === last) return known.ids;
    const ids = [...this.#wordsOf(owner)].map((word) => this.#idAt(word)).sort();
    if (this.#sorted.size >= SORTED_OWNERS) this.#sorted.clear();
    this.#sorted.set(owner, { last, ids });
    return ids;
  }

  *#wordsOf(owner: number): Generator<number> {
    let entry = this.#last[owner] as number;
    for (; entry !== NONE; entry = this.#entries[entry * WORDS + WORD.before] as number) {
      yield entry * WORDS;
    }
  }

  #idAt(word: number): string {
    return unpackAt(this.#bytes, this.#entries[word + WORD.id] as number) as string;
  }

  /** Every document, owner by owner, with its packed value. */
  *[Symbol.iterator](): Generator<StoredDocument> {
    for (const [owner, name] of this.#names.entries()) {
      for (const word of this.#wordsOf(owner)) {
        const at = this.#entries[word + WORD.value] as number;
        const length = this.#bytes.readUInt32LE(at - LENGTH_BYTES);
        const value = isNull(this.#bytes, at) ? null : this.#bytes.subarray(at, at + length);
        yield [name, this.#idAt(word), value];
      }
    }
  }
}

/** Actors' keys are UTF-8 bytes, one character each; none begins as a collection does. */
export function ownerOf(actor: string, collection: Collection): string {
  return collection === 'own' ? actor : `\0\0${collection}`;
}

function packWanted(id: string): number {
  const length = packInto(wanted, 0, id);
  if (length <= wanted.length) return length;
  wanted = Buffer.allocUnsafeSlow(2 * length);
  return packWanted(id);
}

/** FNV-1a over the bytes of a packed id, from its owner on. */
function hashOf(owner: number, bytes: Buffer, at: number, length: number): number {
  let hash = SEED ^ Math.imul(owner, 0x9e3779b1);
  for (let i = 0; i < length; i++) hash = Math.imul(hash ^ (bytes[at + i] as number), 0x01000193);
  return hash ^ (hash >>> 15);
}
