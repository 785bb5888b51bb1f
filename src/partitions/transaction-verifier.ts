import assert from 'node:assert/strict';
import { canUndo, rules } from '../ledger/checks.js';
import { dayOf } from '../ledger/daily.js';
import { type Check, dialects } from '../ledger/dialects.js';
import {
  absent,
  type BetCommand,
  type Mark,
  type Reference,
  type TransactionKind,
} from '../ledger/vocabulary.js';
import type { Actor } from './actor.js';
import { type Bytes, sameUuid } from './bytes.js';
import { countDay, dailyIn, dailyOf } from './day.js';
import { FrameFault, kindOf, movedOf, recordOf, timeOf } from './frame.js';
import type { FrameStore } from './frame-store.js';
import { LocationIndex } from './location-index.js';
import {
  amountOf,
  FLAGS,
  faultsOf,
  hasReference,
  RECORD,
  referenceAt,
  sameUser,
  userAt,
  userLength,
} from './record.js';
import type { PlacedEntry, SharedIds } from './shared-ids.js';
import { readUuid } from './uuid.js';

/**
 * What every dialect asks of an accepted command, beside its form and its reference. By the dialect
 * that allows more: it takes an amount of zero.
 */
const granted: readonly Check[] = ['amount sign', 'user status', 'limits', 'funds'];
const allowing = dialects.hub88;

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

  /**
   * Returns what it had to move to its player, whose account is as it was before the entry but for
   * what it staked on the day. Throws FrameFault or AssertionError.
   */
  verify(kind: TransactionKind, entry: PlacedEntry, account: Actor): number {
    const { bytes, frame, at, head } = entry;
    const record = recordOf(bytes, at);
    // Before its own id is noted: a rollback may name itself, which was unknown then.
    assert.equal(countedFaults(kind, bytes, record), 0, 'an accepted command is well-formed');
    const amount = amountOf(bytes, record);
    assert.ok(kind === 'rollback' || Number.isSafeInteger(amount), 'an amount is a whole number');
    const reference = kind === 'bet' ? undefined : this.#reference(bytes, record);
    const { mark, moved } = this.#effect(kind, bytes, record, reference);
    if (!this.#ids.note(bytes, record, frame, at, this.#partition)) {
      const id = readUuid(bytes.u8, record + RECORD.transaction);
      throw new FrameFault(`transaction_uuid ${id} stands for another entry already`);
    }
    assert.equal(head.mark, mark, `the mark of this ${kind}`);
    const found = movedOf(bytes, at);
    assert.ok(found === moved, `a ${kind} of ${amount} moved ${found}, not ${moved}`);
    this.#tombstones(mark, bytes, record, frame, at);
    this.#grants(kind, bytes, record, account, reference);
    this.#countDay(kind, bytes, record, account, moved, reference);
    return moved;
  }

  /** The transaction of its user that an entry names, as it is now. */
  #reference(bytes: Bytes, record: number): Reference | undefined {
    if (!hasReference(bytes, record)) return undefined;
    const target = this.#ids.target(bytes, record, this.#partition);
    if (target === undefined) return undefined;
    const { bytes: stored, at, rolledBack } = target;
    const [kind, moved, time] = [kindOf(stored, at), movedOf(stored, at), timeOf(stored)];
    return { kind, moved, time, rolledBack, settled: false };
  }

  /** Decides it once more, by what depends on its account. */
  #grants(
    kind: TransactionKind,
    bytes: Bytes,
    record: number,
    account: Actor,
    reference: Reference | undefined,
  ): void {
    const flags = bytes.u8[record + RECORD.flags] as number;
    const command: BetCommand = {
      kind,
      faults: 0,
      currency: account.currency,
      amount: amountOf(bytes, record),
      free: (flags & FLAGS.free) !== 0,
      promo: (flags & FLAGS.promo) !== 0,
      hasReference: hasReference(bytes, record),
    };
    const today = dayOf(timeOf(bytes));
    const daily = kind === 'bet' ? dailyOf(this.#frames, account, today) : undefined;
    const unknown = { known: undefined, takenElsewhere: false, tombstoned: false };
    for (const check of granted) {
      const verdict = rules[check](command, { ...unknown, account, reference, daily }, allowing);
      if (verdict !== undefined) throw new FrameFault(`the rules refuse this ${kind}: ${verdict}`);
    }
  }

  /** What an entry says of its day is what its account's entries come to; one may say nothing. */
  #countDay(
    kind: TransactionKind,
    bytes: Bytes,
    record: number,
    account: Actor,
    moved: number,
    reference: Reference | undefined,
  ): void {
    const today = dayOf(timeOf(bytes));
    const isLimited = dailyOf(this.#frames, account, today) !== undefined;
    const daily = countDay(account, kind, moved, today, reference);
    const told = dailyIn(bytes, record, today);
    if (told === undefined) return;
    assert.ok(isLimited, 'only who has daily limits has a day in an entry');
    assert.deepEqual(told, daily, 'what was staked and won on its day');
  }

  /** What an entry had to mark and to move. */
  #effect(
    kind: TransactionKind,
    bytes: Bytes,
    record: number,
    reference: Reference | undefined,
  ): Effect {
    const amount = amountOf(bytes, record);
    const flags = bytes.u8[record + RECORD.flags] as number;
    if (kind === 'bet') return { mark: 'none', moved: (flags & FLAGS.free) === 0 ? 0 - amount : 0 };
    if (!hasReference(bytes, record)) {
      assert.ok(kind === 'win' && (flags & FLAGS.promo) !== 0, 'it names a transaction');
      return { mark: 'none', moved: amount };
    }
    return kind === 'win' ? winOf(reference, amount) : this.#rollback(reference);
  }

  #rollback(reference: Reference | undefined): Effect {
    if (reference === undefined) return { mark: 'tombstone', moved: 0 };
    if (!canUndo(reference)) return { mark: 'none', moved: 0 };
    this.#ids.rollBack();
    return { mark: 'roll back', moved: 0 - reference.moved };
  }

  /** A bet or win that its user rolled back before it came never stands. */
  #tombstones(mark: Mark, bytes: Bytes, record: number, frame: number, at: number): void {
    const isVoid =
      kindOf(bytes, at) !== 'rollback' &&
      this.#hasTombstone(bytes, record, record + RECORD.transaction);
    assert.ok(!isVoid, 'its user had rolled it back before it came');
    if (mark !== 'tombstone' || this.#hasTombstone(bytes, record, referenceAt(record))) return;
    this.#tombstoned.insert(this.#ids.hash, frame, at, 0);
  }

  /** Leaves the tombstone's fingerprint in the hash. */
  #hasTombstone(bytes: Bytes, record: number, id: number): boolean {
    const { hash } = this.#ids;
    hash.uuidOfUser(bytes, id, userAt(bytes, record), userLength(bytes, record));
    return this.#tombstoned.find(hash, (otherFrame, otherAt) => {
      const stored = this.#frames.open(otherFrame);
      const other = recordOf(stored, otherAt);
      const same = sameUuid(stored, referenceAt(other), bytes, id);
      return same && sameUser(stored, other, bytes, record);
    });
  }
}

interface Effect {
  readonly mark: Mark;
  readonly moved: number;
}

function winOf(reference: Reference | undefined, amount: number): Effect {
  if (reference === undefined) throw new FrameFault('it names a bet that its user does not have');
  assert.equal(reference.kind, 'bet', 'a win names a bet');
  assert.ok(!reference.rolledBack, 'the bet that it names was rolled back');
  return { mark: 'settle', moved: amount };
}

/** A promotional win may lack its reference. */
function countedFaults(kind: TransactionKind, bytes: Bytes, record: number): number {
  const isPromo = ((bytes.u8[record + RECORD.flags] as number) & FLAGS.promo) !== 0;
  const faults = faultsOf(bytes, record);
  return kind === 'win' && isPromo ? faults & ~absent('reference') : faults;
}
