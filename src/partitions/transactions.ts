import assert from 'node:assert/strict';
import {
  isRequest,
  isTransaction,
  type Known,
  type Mark,
  type Reference,
} from '../ledger/vocabulary.js';
import { allocateBytes, type Bytes, sameUuid } from './bytes.js';
import type { Fingerprints } from './fingerprints.js';
import { balanceOf, kindOf, movedOf, recordOf, timeOf } from './frame.js';
import type { FrameStore } from './frame-store.js';
import { LocationIndex, STATES, type Verify } from './location-index.js';
import {
  hasReference,
  RECORD,
  referenceAt,
  sameContent,
  sameUser,
  userAt,
  userLength,
} from './record.js';
import { Run } from './run.js';

/**
 * Which entry stands under which id: the `transaction_uuid` of bets, wins and rollbacks, the id that
 * a request's player and key make, and the ids that a user has rolled back before they came
 * (tombstones, under a key of their own that no other user shares).
 */
export class Transactions {
  readonly index: LocationIndex = new LocationIndex();
  /** What changed in the index since the last checkpoint. */
  readonly run: Run = new Run();
  readonly #frames: FrameStore;
  readonly #hash: Fingerprints;
  readonly #listedOnly: boolean;
  /** An id that is looked for, of no record's own. */
  readonly #sought = allocateBytes(16);
  /** What the look-up under way compares stored entries with. */
  #bytes: Bytes = this.#sought;
  #id = 0;
  #record = 0;
  #owner: Bytes = this.#sought;
  /**
   * The frame and place of the entry that `known`, `findRequest` or `findOwn` found last, readable
   * until another frame is opened.
   */
  knownFrame: Bytes = this.#sought;
  knownAt = 0;

  constructor(frames: FrameStore, hash: Fingerprints, listedOnly: boolean) {
    this.#frames = frames;
    this.#hash = hash;
    this.#listedOnly = listedOnly;
  }

  /** Fetches what the index has of the ids ahead. */
  fetch(): void {
    this.index.fetch(this.#hash.ids, this.#hash.count);
  }

  /** The entry under the record's own id, whoever's it is. */
  known(bytes: Bytes, start: number): Known | undefined {
    if (!this.#findId(bytes, start, this.#isTransaction)) return undefined;
    this.#openFound();
    const stored = this.knownFrame;
    const at = this.knownAt;
    return {
      same: sameContent(bytes, start, stored, recordOf(stored, at), this.#listedOnly),
      rolledBack: (this.index.state & STATES.rolledBack) !== 0,
      balance: balanceOf(stored, at),
    };
  }

  /** The transaction that a win or rollback names, if the record's user has one. */
  reference(bytes: Bytes, start: number): Reference | undefined {
    if (!hasReference(bytes, start)) return undefined;
    if (!this.#findReference(bytes, start)) return undefined;
    const { frame, at, state } = this.index;
    const stored = this.#frames.open(frame);
    return {
      kind: kindOf(stored, at),
      moved: movedOf(stored, at),
      time: timeOf(stored),
      settled: (state & STATES.settled) !== 0,
      rolledBack: (state & STATES.rolledBack) !== 0,
    };
  }

  /** Finds the entry of the request under the record's own id; it is at `knownAt` in `knownFrame`. */
  findRequest(bytes: Bytes, start: number): boolean {
    if (!this.#findId(bytes, start, this.#isRequest)) return false;
    this.#openFound();
    return true;
  }

  /** Finds the entry of the record's user under any id, 32 hex digits; likewise. */
  findOwn(id: string, bytes: Bytes, start: number): boolean {
    if (!/^[0-9a-f]{32}$/.test(id)) return false;
    this.#sought.u8.set(Buffer.from(id, 'hex'));
    this.#hash.uuid(this.#sought, 0);
    this.#aim(this.#sought, 0, bytes, start);
    if (!this.index.find(this.#hash, this.#isOwn)) return false;
    this.#openFound();
    return true;
  }

  #openFound(): void {
    this.knownFrame = this.#frames.open(this.index.frame);
    this.knownAt = this.index.at;
  }

  /** Notes an accepted request under its id. */
  acceptedRequest(bytes: Bytes, start: number, frame: number, at: number): void {
    this.#hash.id(bytes, start);
    this.#insert(frame, at, 0);
  }

  /** Whether the record's user has rolled back its id before it came. */
  tombstoned(bytes: Bytes, start: number): boolean {
    return this.#hasTombstone(bytes, start + RECORD.transaction, start);
  }

  /** Leaves the tombstone's fingerprint in the hash. */
  #hasTombstone(bytes: Bytes, id: number, start: number): boolean {
    this.#aim(bytes, id, bytes, start);
    this.#hashOfUser(bytes, id, start);
    return this.index.find(this.#hash, this.#isTombstone);
  }

  /** Notes an accepted entry under its id, and its mark on the transaction that it names. */
  accepted(bytes: Bytes, start: number, frame: number, at: number, mark: Mark): void {
    this.#hash.id(bytes, start);
    this.#insert(frame, at, 0);
    if (mark !== 'none') this.#mark(bytes, start, frame, at, mark);
  }

  #mark(bytes: Bytes, start: number, frame: number, at: number, mark: Mark): void {
    if (mark === 'tombstone') {
      // Once: a look-up walks every slot under a fingerprint, and who asks again adds another.
      if (this.#hasTombstone(bytes, referenceAt(start), start)) return;
      this.#insert(frame, at, STATES.tombstone);
      return;
    }
    if (!this.#findReference(bytes, start)) return;
    if (mark === 'settle') this.#setState(this.index.state | STATES.settled);
    else {
      this.#setState(this.index.state | STATES.rolledBack);
      this.#unsettle(this.#frames.open(this.index.frame), this.index.at, bytes, start);
    }
  }

  /** When a win is rolled back, its bet, of the same user, may be won again. */
  #unsettle(frame: Bytes, at: number, bytes: Bytes, start: number): void {
    const record = recordOf(frame, at);
    if (kindOf(frame, at) !== 'win' || !hasReference(frame, record)) return;
    // The look-up opens the bet's frame, perhaps in place of this one.
    frame.u8.copy(this.#sought.u8, 0, referenceAt(record), referenceAt(record) + 16);
    this.#hash.uuid(this.#sought, 0);
    this.#aim(this.#sought, 0, bytes, start);
    assert.ok(this.index.find(this.#hash, this.#isOwnTransaction), 'a win has its bet');
    this.#setState(this.index.state & ~STATES.settled);
  }

  #insert(frame: number, at: number, state: number): void {
    this.index.insert(this.#hash, frame, at, state);
    this.run.add(this.#hash, frame, at, state);
  }

  #setState(state: number): void {
    this.index.setState(state);
    this.run.add(this.#hash, this.index.frame, this.index.at, state);
  }

  #findId(bytes: Bytes, start: number, verify: Verify): boolean {
    this.#aim(bytes, start + RECORD.transaction, bytes, start);
    this.#hash.id(bytes, start);
    return this.index.find(this.#hash, verify);
  }

  #findReference(bytes: Bytes, start: number): boolean {
    const id = referenceAt(start);
    this.#aim(bytes, id, bytes, start);
    this.#hash.uuid(bytes, id);
    return this.index.find(this.#hash, this.#isOwnTransaction);
  }

  /** At the id there, and at entries of the record's user. */
  #aim(bytes: Bytes, id: number, owner: Bytes, record: number): void {
    this.#bytes = bytes;
    this.#id = id;
    this.#owner = owner;
    this.#record = record;
  }

  #hashOfUser(bytes: Bytes, id: number, start: number): void {
    const length = userLength(bytes, start);
    this.#hash.uuidOfUser(bytes, id, userAt(bytes, start), length);
  }

  readonly #isTransaction: Verify = (frame, at) => {
    const stored = this.#frames.open(frame);
    const id = recordOf(stored, at) + RECORD.transaction;
    return sameUuid(stored, id, this.#bytes, this.#id) && isTransaction(kindOf(stored, at));
  };

  readonly #isRequest: Verify = (frame, at) => {
    const stored = this.#frames.open(frame);
    const id = recordOf(stored, at) + RECORD.transaction;
    return sameUuid(stored, id, this.#bytes, this.#id) && isRequest(kindOf(stored, at));
  };

  readonly #isOwn: Verify = (frame, at) => {
    const stored = this.#frames.open(frame);
    const record = recordOf(stored, at);
    return (
      sameUuid(stored, record + RECORD.transaction, this.#bytes, this.#id) &&
      sameUser(stored, record, this.#owner, this.#record)
    );
  };

  readonly #isOwnTransaction: Verify = (frame, at) => {
    return this.#isOwn(frame, at) && isTransaction(kindOf(this.#frames.open(frame), at));
  };

  readonly #isTombstone: Verify = (frame, at) => {
    const stored = this.#frames.open(frame);
    const record = recordOf(stored, at);
    return (
      kindOf(stored, at) === 'rollback' &&
      sameUuid(stored, referenceAt(record), this.#bytes, this.#id) &&
      sameUser(stored, record, this.#owner, this.#record)
    );
  };
}
