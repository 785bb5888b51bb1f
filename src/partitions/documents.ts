import type { Collection } from '../ledger/request.js';
import type { CheckpointStore, StoredDocument } from './checkpoint-store.js';
import { isNull, unpack, unpackAt } from './packing.js';
import { eachChange } from './request-record.js';

/**
 * What requests keep beside balances: orders, lots, payments, messages. A document is a value under
 * an owner and an id; entries say what it is after them, so replay sets it again and asks nothing.
 *
 * N1 The newest value is in `#changed`, else in `#writing` (while a checkpoint writes it), else in
 *    the checkpoint store. Null stands for a document that is no more.
 * N2 A value is kept as its entry packs it, and a checkpoint writes those bytes.
 * N3 The store may be ahead of its checkpoint, never of the journal: replay sets absolute values.
 */
export class Documents {
  readonly #store: CheckpointStore;
  #changed = new Layer();
  #writing = new Layer();

  constructor(store: CheckpointStore) {
    this.#store = store;
  }

  /** Changes of documents since the last checkpoint. */
  get changed(): number {
    return this.#changed.size;
  }

  /** A document of an actor, or of the partition's collection of that name. */
  read(actor: string, collection: Collection, id: string): unknown {
    const owner = ownerOf(actor, collection);
    let value = this.#recent(owner, id);
    if (value === undefined) value = this.#stored(owner, id);
    return value ?? undefined;
  }

  /** Undefined when the document has not changed since it was written to the store. */
  #recent(owner: string, id: string): unknown {
    const value = this.#changed.read(owner, id);
    return value === undefined ? this.#writing.read(owner, id) : value;
  }

  #stored(owner: string, id: string): unknown {
    return unpack(this.#store.readDocument(owner, id) as Buffer | undefined);
  }

  /** Sets the documents that an entry changed, as `packChanges` has packed them at `at`. */
  apply(actor: string, bytes: Buffer, at: number): void {
    this.#changed.add(actor, bytes, at);
  }

  /**
   * The documents of an owner whose ids begin with `prefix`, in descending order of their ids, from
   * below `before` on. Ids ascend with time, so the newest come first.
   */
  *list(
    actor: string,
    collection: Collection,
    prefix: string,
    before?: string,
  ): Generator<readonly [id: string, value: unknown]> {
    const owner = ownerOf(actor, collection);
    const recent = this.#recentIds(owner, prefix, before);
    let next = recent.pop();
    for (const id of this.#store.listIds(owner, prefix, before)) {
      for (; next !== undefined && next > id; next = recent.pop()) {
        yield* this.#present(owner, next);
      }
      if (next !== id) yield [id, this.#stored(owner, id)];
    }
    for (; next !== undefined; next = recent.pop()) yield* this.#present(owner, next);
  }

  /** A changed document, unless it is no more. */
  *#present(owner: string, id: string): Generator<readonly [id: string, value: unknown]> {
    const value = this.#recent(owner, id);
    if (value !== null) yield [id, value];
  }

  /** Ids of changed documents of an owner, ascending. */
  #recentIds(owner: string, prefix: string, before?: string): string[] {
    const ids = new Set<string>();
    for (const layer of [this.#writing, this.#changed]) {
      for (const id of layer.ids(owner)) {
        if (id.startsWith(prefix) && (before === undefined || id < before)) ids.add(id);
      }
    }
    return [...ids].sort();
  }

  /** Hands over what changed, for a checkpoint; it stays readable until `written`. */
  take(): Layer {
    this.#writing = this.#changed;
    this.#changed = new Layer();
    return this.#writing;
  }

  /** What `take` gave is in the store. */
  written(): void {
    this.#writing = new Layer();
  }
}

/** Document: the limits of a player, which an actor in memory has with it. */
export const LIMITS = 'limits';

const FIRST_BYTES = 64 * 1024;
/** In a document's length, which is in front of its value. */
const LENGTH_BYTES = 4;

/**
 * The newest values of documents, packed, in one stretch of memory: as objects they took five times
 * the room, and the collector of garbage most of the time that an order took.
 */
export class Layer {
  /** Where the value of each document is, by owner and id. */
  readonly #places = new Map<string, Map<string, number>>();
  #bytes: Buffer | undefined;
  #end = 0;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Keeps a copy of packed changes. */
  add(actor: string, bytes: Buffer, at: number): void {
    const shift = this.#end - at;
    const end = eachChange(bytes, at, (collection, id, value) => {
      this.#note(ownerOf(actor, collection), id, value + shift);
    });
    const isWhole = at === 0 && end === bytes.length;
    this.#reserve(end - at).set(isWhole ? bytes : bytes.subarray(at, end), this.#end);
    this.#end += end - at;
  }

  #note(owner: string, id: string, place: number): void {
    let places = this.#places.get(owner);
    if (places === undefined) {
      places = new Map();
      this.#places.set(owner, places);
    }
    places.set(id, place);
    this.#size += 1;
  }

  #reserve(length: number): Buffer {
    const bytes = this.#bytes;
    if (bytes !== undefined && this.#end + length <= bytes.length) return bytes;
    const larger = Buffer.allocUnsafeSlow(Math.max(FIRST_BYTES, 2 * (this.#end + length)));
    bytes?.copy(larger, 0, 0, this.#end);
    this.#bytes = larger;
    return larger;
  }

  /** Undefined when the document did not change. */
  read(owner: string, id: string): unknown {
    const place = this.#places.get(owner)?.get(id);
    if (place === undefined || this.#bytes === undefined) return undefined;
    return unpackAt(this.#bytes, place);
  }

  ids(owner: string): Iterable<string> {
    return this.#places.get(owner)?.keys() ?? [];
  }

  /** Every document, with its packed value. */
  *[Symbol.iterator](): Generator<StoredDocument> {
    for (const [owner, places] of this.#places) {
      for (const [id, place] of places) {
        const bytes = this.#bytes as Buffer;
        const length = bytes.readUInt32LE(place - LENGTH_BYTES);
        const value = isNull(bytes, place) ? null : bytes.subarray(place, place + length);
        yield [owner, id, value];
      }
    }
  }
}

/** Actors' keys are UTF-8 bytes, one character each; none begins as a collection does. */
function ownerOf(actor: string, collection: Collection): string {
  return collection === 'own' ? actor : `\0\0${collection}`;
}
