import assert from 'node:assert/strict';
import { applyToAccount, applyToBooks, Books } from '../ledger/apply.js';
import { applySetting } from '../ledger/players.js';
import {
  type Account,
  type AccountName,
  absent,
  isRequest,
  isTransaction,
  type Kind,
  type Limits,
  type Mark,
  type TransactionKind,
} from '../ledger/vocabulary.js';
import { limits } from '../limits.js';
import { standingOf } from './actor.js';
import { type Bytes, sameUuid } from './bytes.js';
import { Currencies } from './currencies.js';
import { type EntryHead, FrameFault, kindOf, movedOf, readEntryHead, recordOf } from './frame.js';
import type { FrameStore } from './frame-store.js';
import type { Hash } from './hash.js';
import { LocationIndex } from './location-index.js';
import { FLAGS, faultsOf, RECORD, referenceAt, sameUser, userAt, userLength } from './record.js';
import { RequestVerifier } from './request-verifier.js';
import { Transit } from './transit.js';
import { settingOf } from './turn.js';
import { readUuid } from './uuid.js';

/** In an id's state: the partition in the low bits, and whether the entry was rolled back. */
const PARTITION = 0x7f;
const ROLLED_BACK = 0x80;
assert.ok(limits.partitions <= PARTITION + 1);

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

/** Kinds that make an account. */
const openers: ReadonlySet<Kind> = new Set(['open', 'signup', 'item', 'park', 'link']);

/** An account as its entries make it, up to the last one that was read. */
class Verified implements Account {
  readonly key: string;
  readonly currency: string;
  balance = 0;
  version = 0;
  disabled = false;
  tombstones = false;
  limits: Limits | undefined = undefined;
  frame = 0;
  at = 0;

  constructor(key: string, currency: string) {
    this.key = key;
    this.currency = currency;
  }
}

/** Recomputes every account from its entries, with the ledger's own rules. */
export class EntryVerifier {
  readonly frames: FrameStore;
  readonly books: Books = new Books();
  readonly requests: RequestVerifier;
  readonly #partition: number;
  readonly #ids: SharedIds;
  readonly #actors = new Map<string, Verified>();
  readonly #currencies = new Currencies();
  readonly #tombstoned = new LocationIndex();

  constructor(frames: FrameStore, partition: number, ids: SharedIds) {
    this.frames = frames;
    this.#partition = partition;
    this.#ids = ids;
    ids.stores.push(frames);
    this.requests = new RequestVerifier(ids.transit);
  }

  /** Players; not the ledger's own actors. */
  get users(): number {
    let users = 0;
    for (const name of this.#actors.keys()) if (!name.startsWith('\0')) users += 1;
    return users;
  }

  /** The sum of all balances, minor units. */
  balances(): bigint {
    let sum = 0n;
    for (const { balance } of this.#actors.values()) sum += BigInt(balance);
    return sum;
  }

  /** Throws FrameFault or AssertionError with what is wrong. */
  verify(bytes: Bytes, frame: number, at: number): void {
    const head = readEntryHead(bytes, at);
    const kind = kindOf(bytes, at);
    const record = recordOf(bytes, at);
    applyToBooks(this.books, head.postings);
    if (kind === 'genesis') {
      assert.equal(frame, 1, 'a genesis entry is the first one');
      this.#samePostings(head, 'issuance', 'treasury', amountOf(bytes, record));
      return;
    }
    const actor = this.#actorOf(bytes, record, kind);
    if (isRequest(kind)) {
      const known = actor.version === 0 ? undefined : actor;
      this.requests.verify(bytes, at, head, actor.key, known, this.#currencies);
    }
    assert.equal(head.previousFrame, actor.frame, 'it points to the entry before of its user');
    assert.equal(head.previousAt, actor.at, 'it points to the entry before of its user');
    applyToAccount(actor, head.postings);
    if (kind === 'status' || kind === 'limits') {
      applySetting(actor, settingOf(kind, bytes, record));
    }
    if (head.mark === 'tombstone') actor.tombstones = true;
    assert.equal(head.version, actor.version, 'versions have no gaps');
    assert.equal(head.balance, actor.balance, 'the balance after is the sum of the postings');
    assert.equal(head.standing, standingOf(actor), 'the standing is what the entries made it');
    actor.frame = frame;
    actor.at = at;
    if (isTransaction(kind)) {
      this.#transaction(kind, head, bytes, frame, at);
    } else {
      assert.equal(head.mark, 'none', 'only a win or a rollback marks what it names');
      if (isRequest(kind)) return;
      const opened = kind === 'open' ? amountOf(bytes, record) : 0;
      this.#samePostings(head, 'issuance', 'player', opened);
    }
  }

  /** The only postings of the entry are what moves from one account to the other. */
  #samePostings({ postings }: EntryHead, from: AccountName, to: AccountName, amount: number): void {
    const sum = (account: AccountName): number =>
      postings.reduce(
        (all, posting) => all + (posting.account === account ? posting.amount : 0),
        0,
      );
    const right = sum(to) === amount && sum(from) === 0 - amount;
    const size = amount === 0 ? 0 : 2;
    assert.ok(right && postings.length === size, `it moves ${amount} from ${from} to ${to} alone`);
  }

  #actorOf(bytes: Bytes, record: number, kind: Kind): Verified {
    const at = userAt(bytes, record);
    const length = userLength(bytes, record);
    if (length === 0) throw new FrameFault('it names no user');
    const key = bytes.u8.toString('latin1', at, at + length);
    const known = this.#actors.get(key);
    const currency = this.#currencies.read(bytes, record + RECORD.currency);
    if (known !== undefined) {
      assert.ok(kind !== 'open' && kind !== 'signup', 'an account is opened once');
      assert.equal(currency, known.currency, 'an account keeps its currency');
      return known;
    }
    assert.ok(openers.has(kind), 'the first entry of an account opens it');
    const actor = new Verified(key, currency);
    this.#actors.set(key, actor);
    return actor;
  }

  #transaction(
    kind: TransactionKind,
    head: EntryHead,
    bytes: Bytes,
    frame: number,
    at: number,
  ): void {
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
    this.#samePostings(head, 'house', 'player', moved);
    this.#tombstones(mark, bytes, record, frame, at);
  }

  /** What an entry had to mark and to move, by the rules of the ledger. */
  #effect(kind: Kind, bytes: Bytes, record: number): { mark: Mark; moved: number } {
    const amount = amountOf(bytes, record);
    const flags = bytes.u8[record + RECORD.flags] as number;
    if (kind === 'bet') return { mark: 'none', moved: (flags & FLAGS.free) === 0 ? 0 - amount : 0 };
    if ((flags & FLAGS.reference) === 0) {
      assert.ok(kind === 'win' && (flags & FLAGS.promo) !== 0, 'it names a transaction');
      return { mark: 'none', moved: amount };
    }
    const target = this.#ids.target(bytes, record, this.#partition);
    if (kind === 'win') return this.#win(target, amount);
    return this.#rollback(target);
  }

  #win(target: Target | undefined, amount: number): { mark: Mark; moved: number } {
    if (target === undefined) throw new FrameFault('it names a bet that its user does not have');
    assert.equal(kindOf(target.bytes, target.at), 'bet', 'a win names a bet');
    assert.ok(!target.rolledBack, 'the bet that it names was rolled back');
    return { mark: 'settle', moved: amount };
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
      const stored = this.frames.open(otherFrame);
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

/** A promotional win may lack its reference. */
function countedFaults(kind: TransactionKind, bytes: Bytes, record: number): number {
  const isPromo = ((bytes.u8[record + RECORD.flags] as number) & FLAGS.promo) !== 0;
  const faults = faultsOf(bytes, record);
  return kind === 'win' && isPromo ? faults & ~absent('reference') : faults;
}

function amountOf(bytes: Bytes, record: number): number {
  return bytes.f64[(record + RECORD.amount) >> 3] as number;
}
