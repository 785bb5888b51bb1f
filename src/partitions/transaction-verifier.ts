import assert from 'node:assert/strict';
import { absent, type Mark, type TransactionKind } from '../ledger/vocabulary.js';
import { type Bytes, sameUuid } from './bytes.js';
import { FrameFault, kindOf, movedOf, recordOf } from './frame.js';
import type { FrameStore } from './frame-store.js';
import { LocationIndex } from './location-index.js';
import {
  amountOf,
  FLAGS,
  faultsOf,
  RECORD,
  referenceAt,
  sameUser,
  userAt,
  userLength,
} from './record.js';
import type { PlacedEntry, SharedIds, Target } from './shared-ids.js';
import { readUuid } from './uuid.js';

/** Verifies the bets, wins and rollbacks of one partition by the rules of the ledger. */
export class TransactionVerifier {
  readonly #frames: FrameStore;
  readonly #partition: number;
  readonly #ids: SharedIds;
  readonly #tombstoned = new LocationIndex();

  constructor(frames: FrameStore, partition: number, ids: SharedIds) {
    this.#frames = frames;
    this.#partition = partition;
    this.#ids = ids;
  }

  /** Returns what it had to move to its player. Throws FrameFault or AssertionError. */
  verify(kind: TransactionKind, { bytes, frame, at, head }: PlacedEntry): number {
    const record = recordOf(bytes, at);
    // Before its own id is noted: a rollback may name itself, which was unknown then.
    assert.equal(countedFaults(kind, bytes, record), 0, 'an accepted command is well-formed');
    const { mark, moved } = this.#effect(kind, bytes, record);
    if (!this.#ids.note(bytes, record, frame, at, this.#partition)) {
      const id = readUuid(bytes.u8, record + RECORD.transaction);
      throw new FrameFault(`transaction_uuid ${id} stands for another entry already`);
    }
    assert.equal(head.mark, mark, `the mark of this ${kind}`);
    const amount = amountOf(bytes, record);
    const found = movedOf(bytes, at);
    assert.ok(found === moved, `a ${kind} of ${amount} moved ${found}, not ${moved}`);
    this.#tombstones(mark, bytes, record, frame, at);
    return moved;
  }

  /** What an entry had to mark and to move. */
  #effect(kind: TransactionKind, bytes: Bytes, record: number): { mark: Mark; moved: number } {
    const amount = amountOf(bytes, record);
    const flags = bytes.u8[record + RECORD.flags] as number;
    if (kind === 'bet') return { mark: 'none', moved: (flags & FLAGS.free) === 0 ? 0 - amount : 0 };
    if ((flags & FLAGS.reference) === 0) {
      assert.ok(kind === 'win' && (flags & FLAGS.promo) !== 0, 'it names a transaction');
      return { mark: 'none', moved: amount };
    }
    const target = this.#ids.target(bytes, record, this.#partition);
    if (kind === 'win') return winOf(target, amount);
    return this.#rollback(target);
  }

  #rollback(target: Target | undefined): { mark: Mark; moved: number } {
    if (target === undefined) return { mark: 'tombstone', moved: 0 };
    if (target.rolledBack || kindOf(target.bytes, target.at) === 'rollback') {
      return { mark: 'none', moved: 0 };
    }
    this.#ids.rollBack();
    return { mark: 'roll back', moved: 0 - movedOf(target.bytes, target.at) };
  }

  /** An id that its user rolled back before it came never stands. */
  #tombstones(mark: Mark, bytes: Bytes, record: number, frame: number, at: number): void {
    const { hash } = this.#ids;
    const user = userAt(bytes, record);
    const length = userLength(bytes, record);
    hash.uuidOfUser(bytes, record + RECORD.transaction, user, length);
    const stands = this.#tombstoned.find(hash, (otherFrame, otherAt) => {
      const stored = this.#frames.open(otherFrame);
      const other = recordOf(stored, otherAt);
      const same = sameUuid(stored, referenceAt(other), bytes, record + RECORD.transaction);
      return same && sameUser(stored, other, bytes, record);
    });
    assert.ok(!stands, 'its user had rolled it back before it came');
    if (mark !== 'tombstone') return;
    hash.uuidOfUser(bytes, referenceAt(record), user, length);
    this.#tombstoned.insert(hash, frame, at, 0);
  }
}

function winOf(target: Target | undefined, amount: number): { mark: Mark; moved: number } {
  if (target === undefined) throw new FrameFault('it names a bet that its user does not have');
  assert.equal(kindOf(target.bytes, target.at), 'bet', 'a win names a bet');
  assert.ok(!target.rolledBack, 'the bet that it names was rolled back');
  return { mark: 'settle', moved: amount };
}

/** A promotional win may lack its reference. */
function countedFaults(kind: TransactionKind, bytes: Bytes, record: number): number {
  const isPromo = ((bytes.u8[record + RECORD.flags] as number) & FLAGS.promo) !== 0;
  const faults = faultsOf(bytes, record);
  return kind === 'win' && isPromo ? faults & ~absent('reference') : faults;
}
