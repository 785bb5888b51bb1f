import { type Collection, change } from '../ledger/request.js';
import { limits } from '../limits.js';
import type { CheckpointStore, StoredDocument } from './checkpoint-store.js';
import { Layer, ownerOf } from './layer.js';
import { unpack } from './packing.js';
import { packChanges } from './request-record.js';

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
  /** What the last spill could not write. */
  #kept = NOTHING;

  constructor(store: CheckpointStore) {
    this.#store = store;
  }

  /** Whether there are so many changes since the last checkpoint or spill, or so many bytes of them. */
  hasChanged(changes: number): boolean {
    const size = this.#changed.size - this.#kept.size;
    const bytes = this.#changed.bytes - this.#kept.bytes;
    return size >= changes || bytes >= limits.changed_documents_bytes;
  }

  /** What the changes since the last checkpoint or spill take. */
  get bytes(): number {
    return this.#changed.bytes;
  }

  /** A document of an actor, or of the partition's collection of that name. */
  read(actor: string, collection: Collection, id: string): unknown {
    let value = this.#recent(actor, collection, id);
    if (value === undefined) value = this.#stored(ownerOf(actor, collection), id);
    return value ?? undefined;
  }

  /** Undefined when the document has not changed since it was written to the store. */
  #recent(actor: string, collection: Collection, id: string): unknown {
    const value = this.#changed.read(actor, collection, id);
    return value === undefined ? this.#writing.read(actor, collection, id) : value;
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
    const recent = new Recent(
      [this.#changed, this.#writing].map((layer) => layer.ids(actor, collection)),
      prefix,
      before,
    );
    let next = recent.pop();
    for (const id of this.#store.listIds(owner, prefix, before)) {
      for (; next !== undefined && next > id; next = recent.pop()) {
        yield* this.#present(actor, collection, next);
      }
      if (next !== id) yield [id, this.#stored(owner, id)];
    }
    for (; next !== undefined; next = recent.pop()) {
      yield* this.#present(actor, collection, next);
    }
  }

  /** A changed document, unless it is no more. */
  *#present(
    actor: string,
    collection: Collection,
    id: string,
  ): Generator<readonly [id: string, value: unknown]> {
    const value = this.#recent(actor, collection, id);
    if (value !== null) yield [id, value];
  }

  /**
   * Writes to the store what a replay has brought into memory, but for limits, which the replay
   * looks at (C2): it may set more documents than memory holds.
   */
  spill(): void {
    const [written, kept]: [StoredDocument[], StoredDocument[]] = [[], []];
    for (const document of this.#changed) (document[1] === LIMITS ? kept : written).push(document);
    this.#store.writeDocumentsNow(written);
    this.#changed = new Layer();
    for (const [owner, id, value] of kept) {
      this.#changed.add(owner, packChanges([change(id, value === null ? null : unpack(value))]), 0);
    }
    const { size, bytes } = this.#changed;
    this.#kept = { size, bytes };
  }

  /** Hands over what changed, for a checkpoint; it stays readable until `written`. */
  take(): Layer {
    this.#writing = this.#changed;
    this.#changed = new Layer();
    this.#kept = NOTHING;
    return this.#writing;
  }

  /** What `take` gave is in the store. */
  written(): void {
    this.#writing = new Layer();
  }
}

const NOTHING = { size: 0, bytes: 0 };

/** Document: the limits of a player, which an actor in memory has with it. */
export const LIMITS = 'limits';

/** The ids of several ascending lists that begin with a prefix and are below another, largest first. */
class Recent {
  readonly #lists: readonly (readonly string[])[];
  readonly #prefix: string;
  /** In each list, behind the ids that are left. */
  readonly #ends: number[];

  constructor(
    lists: readonly (readonly string[])[],
    prefix: string,
    before: string = `${prefix}\uffff`,
  ) {
    this.#lists = lists;
    this.#prefix = prefix;
    this.#ends = lists.map((ids) => firstNotBelow(ids, before));
  }

  pop(): string | undefined {
    let largest: string | undefined;
    for (const [list, end] of this.#ends.entries()) {
      const id = this.#lists[list]?.[end - 1];
      if (id?.startsWith(this.#prefix) && (largest === undefined || id > largest)) largest = id;
    }
    for (const [list, end] of this.#ends.entries()) {
      if (largest !== undefined && this.#lists[list]?.[end - 1] === largest) {
        this.#ends[list] = end - 1;
      }
    }
    return largest;
  }
}

function firstNotBelow(ids: readonly string[], bound: string): number {
  let [low, high] = [0, ids.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((ids[middle] as string) < bound) low = middle + 1;
    else high = middle;
  }
  return low;
}
