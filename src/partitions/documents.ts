import type { Change, Collection } from '../ledger/request.js';
import type { CheckpointStore } from './checkpoint-store.js';

/**
 * What requests keep beside balances: orders, lots, payments, messages. A document is a value under
 * an owner and an id; entries say what it is after them, so replay sets it again and asks nothing.
 *
 * N1 The newest value is in `#changed`, else in `#writing` (while a checkpoint writes it), else in
 *    the checkpoint store. Null stands for a document that is no more.
 * N2 Values are never changed in place.
 * N3 The store may be ahead of its checkpoint, never of the journal: replay sets absolute values.
 */
export class Documents {
  readonly #store: CheckpointStore;
  #changed: Layer = new Map();
  #writing: Layer = new Map();
  #size = 0;

  constructor(store: CheckpointStore) {
    this.#store = store;
  }

  /** Documents that changed since the last checkpoint, about. */
  get changed(): number {
    return this.#size;
  }

  /** A document of an actor, or of the partition's collection of that name. */
  read(actor: string, collection: Collection, id: string): unknown {
    const owner = ownerOf(actor, collection);
    let value = this.#changed.get(owner)?.get(id);
    if (value === undefined) value = this.#writing.get(owner)?.get(id);
    if (value === undefined) value = this.#store.readDocument(owner, id);
    return value ?? undefined;
  }

  apply(actor: string, changes: readonly Change[]): void {
    for (const { collection, id, value } of changes) this.#set(actor, collection, id, value);
  }

  #set(actor: string, collection: Collection, id: string, value: unknown): void {
    const owner = ownerOf(actor, collection);
    let documents = this.#changed.get(owner);
    if (documents === undefined) {
      documents = new Map();
      this.#changed.set(owner, documents);
    }
    if (!documents.has(id)) this.#size += 1;
    documents.set(id, value);
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
    const recent = this.#recent(owner, prefix, before);
    let next = recent.pop();
    for (const id of this.#store.listIds(owner, prefix, before)) {
      while (next !== undefined && next[0] > id) {
        if (next[1] !== null) yield next;
        next = recent.pop();
      }
      if (next?.[0] !== id) yield [id, this.#store.readDocument(owner, id)];
    }
    for (; next !== undefined; next = recent.pop()) if (next[1] !== null) yield next;
  }

  /** Changed documents of an owner, ascending. */
  #recent(owner: string, prefix: string, before?: string): (readonly [string, unknown])[] {
    const merged = new Map<string, unknown>();
    for (const layer of [this.#writing, this.#changed]) {
      for (const [id, value] of layer.get(owner) ?? []) {
        if (id.startsWith(prefix) && (before === undefined || id < before)) merged.set(id, value);
      }
    }
    return [...merged].sort(([a], [b]) => (a < b ? -1 : 1));
  }

  /** Hands over what changed, for a checkpoint; it stays readable until `written`. */
  take(): Layer {
    this.#writing = this.#changed;
    this.#changed = new Map();
    this.#size = 0;
    return this.#writing;
  }

  /** What `take` gave is in the store. */
  written(): void {
    this.#writing = new Map();
  }
}

/** Document: the limits of a player, which an actor in memory has with it. */
export const LIMITS = 'limits';

/** Documents by their owners and ids. */
export type Layer = Map<string, Map<string, unknown>>;

/** Actors' keys are UTF-8 bytes, one character each; none begins as a collection does. */
function ownerOf(actor: string, collection: Collection): string {
  return collection === 'own' ? actor : `\0\0${collection}`;
}
