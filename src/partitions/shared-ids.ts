import assert from 'node:assert/strict';
import { limits } from '../limits.js';
import { type Bytes, sameUuid } from './bytes.js';
import { type EntryHead, recordOf } from './frame.js';
import type { FrameStore } from './frame-store.js';
import type { Hash } from './hash.js';
import { LocationIndex } from './location-index.js';
import { RECORD, referenceAt, sameUser } from './record.js';
import { Transit } from './transit.js';

/** In an id's state: the partition in the low bits, and whether the entry was rolled back. */
const PARTITION = 0x7f;
const ROLLED_BACK = 0x80;
assert.ok(limits.partitions <= PARTITION + 1);

/** An entry of the walk, where it stands, and what it says beside its record. */
export interface PlacedEntry {
  readonly bytes: Bytes;
  readonly frame: number;
  readonly at: number;
  readonly head: EntryHead;
}

/** An entry that a win or rollback of the same user names. */
interface Target {
  readonly bytes: Bytes;
  readonly at: number;
  readonly rolledBack: boolean;
}

/** Every id of the data directory: none may stand for two entries, in whichever partition. */
export class SharedIds {
  readonly hash: Hash;
  readonly stores: FrameStore[] = [];
  readonly transit: Transit = new Transit();
  readonly #index = new LocationIndex();

  constructor(hash: Hash) {
    this.hash = hash;
  }

  /** Notes the id of a record; false when an entry of some partition has it already. */
  note(bytes: Bytes, record: number, frame: number, at: number, partition: number): boolean {
    this.hash.uuid(bytes, record + RECORD.transaction);
    if (this.#find(bytes, record + RECORD.transaction)) return false;
    this.#index.insert(this.hash, frame, at, partition);
    return true;
  }

  /** The entry that a record names, if it is one of this partition and of the record's user. */
  target(bytes: Bytes, record: number, partition: number): Target | undefined {
    this.hash.uuid(bytes, referenceAt(record));
    if (!this.#find(bytes, referenceAt(record))) return undefined;
    const { frame, at, state } = this.#index;
    if ((state & PARTITION) !== partition) return undefined;
    const stored = this.stores[partition]?.open(frame);
    if (stored === undefined || !sameUser(stored, recordOf(stored, at), bytes, record)) {
      return undefined;
    }
    return { bytes: stored, at, rolledBack: (state & ROLLED_BACK) !== 0 };
  }

  /** Notes that what `target` found is rolled back. */
  rollBack(): void {
    this.#index.setState(this.#index.state | ROLLED_BACK);
  }

  #find(bytes: Bytes, id: number): boolean {
    return this.#index.find(this.hash, (frame, at) =>
      this.stores.some((store) => hasId(store, frame, at, bytes, id)),
    );
  }
}

function hasId(store: FrameStore, frame: number, at: number, bytes: Bytes, id: number): boolean {
  if (!store.has(frame)) return false;
  const stored = store.open(frame);
  if (at + RECORD.body > stored.u8.length) return false;
  return sameUuid(stored, recordOf(stored, at) + RECORD.transaction, bytes, id);
}
