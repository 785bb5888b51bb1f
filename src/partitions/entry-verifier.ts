import assert from 'node:assert/strict';
import { applyToAccount, applyToBooks, Books } from '../ledger/apply.js';
import { applySetting } from '../ledger/players.js';
import type { Kind } from '../ledger/vocabulary.js';
import { Actor } from './actors.js';
import { type Bytes, sameUuid } from './bytes.js';
import { Currencies } from './currencies.js';
import { type EntryHead, FrameFault, kindOf, movedOf, readEntryHead, recordOf } from './frame.js';
import type { FrameStore } from './frame-store.js';
import type { Hash } from './hash.js';
import { LocationIndex } from './location-index.js';
import { FLAGS, RECORD, referenceAt, sameUser, userAt, userLength } from './record.js';
import { settingOf } from './turn.js';
import { readUuid } from './uuid.js';

/** Every id of the data directory: none may stand for two entries, in whichever partition. */
export class SharedIds {
  readonly hash: Hash;
  readonly stores: FrameStore[] = [];
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

  /** Where the entry under an id is, if this partition has one. */
  find(bytes: Bytes, id: number, partition: number): { frame: number; at: number } | undefined {
    this.hash.uuid(bytes, id);
    if (!this.#find(bytes, id) || this.#index.state !== partition) return undefined;
    return { frame: this.#index.frame, at: this.#index.at };
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

/** Recomputes every account from its entries, with the ledger's own rules. */
export class EntryVerifier {
  readonly frames: FrameStore;
  readonly books: Books = new Books();
  readonly #partition: number;
  readonly #ids: SharedIds;
  readonly #actors = new Map<string, Actor>();
  readonly #currencies = new Currencies();

  constructor(frames: FrameStore, partition: number, ids: SharedIds) {
    this.frames = frames;
    this.#partition = partition;
    this.#ids = ids;
    ids.stores.push(frames);
  }

  get users(): number {
    return this.#actors.size;
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
      return;
    }
    const actor = this.#actorOf(bytes, record, kind);
    assert.equal(head.previousFrame, actor.frame, 'it points to the entry before of its user');
    assert.equal(head.previousAt, actor.at, 'it points to the entry before of its user');
    applyToAccount(actor, head.postings);
    if (kind === 'status' || kind === 'limits') {
      applySetting(actor, settingOf(kind, bytes, record));
    }
    if (head.mark === 'tombstone') actor.tombstones = true;
    assert.equal(head.version, actor.version, 'versions have no gaps');
    assert.equal(head.balance, actor.balance, 'the balance after is the sum of the postings');
    assert.equal(head.standing, actor.standing(), 'the standing is what the entries made it');
    actor.frame = frame;
    actor.at = at;
    if (kind === 'bet' || kind === 'win' || kind === 'rollback') {
      this.#transaction(kind, head, bytes, frame, at);
    }
  }

  #actorOf(bytes: Bytes, record: number, kind: Kind): Actor {
    const at = userAt(bytes, record);
    const length = userLength(bytes, record);
    if (length === 0) throw new FrameFault('it names no user');
    const key = Buffer.from(bytes.u8.slice(at, at + length)).toString('latin1');
    const known = this.#actors.get(key);
    const currency = this.#currencies.read(bytes, record + RECORD.currency);
    if (known !== undefined) {
      assert.notEqual(kind, 'open', 'an account is opened once');
      assert.equal(currency, known.currency, 'an account keeps its currency');
      return known;
    }
    assert.equal(kind, 'open', 'the first entry of an account opens it');
    const actor = new Actor(key, currency, 0, 0, this.#ids.hash);
    this.#actors.set(key, actor);
    return actor;
  }

  #transaction(kind: Kind, head: EntryHead, bytes: Bytes, frame: number, at: number): void {
    const record = recordOf(bytes, at);
    if (!this.#ids.note(bytes, record, frame, at, this.#partition)) {
      const id = readUuid(bytes.u8, record + RECORD.transaction);
      throw new FrameFault(`transaction_uuid ${id} stands for another entry already`);
    }
    const amount = bytes.f64[(record + RECORD.amount) >> 3] as number;
    const flags = bytes.u8[record + RECORD.flags] as number;
    const moved = movedOf(bytes, at);
    if (kind === 'bet') {
      const debit = (flags & FLAGS.free) === 0 ? -amount : 0;
      assert.ok(moved === debit, `a bet of ${amount} moved ${moved}`);
    }
    if (kind === 'win') assert.ok(moved === amount, `a win of ${amount} moved ${moved}`);
    if (head.mark === 'settle' || head.mark === 'roll back') this.#target(head, bytes, at, moved);
    else if (kind === 'rollback') assert.equal(moved, 0, 'a rollback of nothing moves nothing');
  }

  /** What a win settles is a bet of its user; what a rollback undoes, it undoes exactly. */
  #target(head: EntryHead, bytes: Bytes, at: number, moved: number): void {
    const record = recordOf(bytes, at);
    const found = this.#ids.find(bytes, referenceAt(record), this.#partition);
    if (found === undefined) throw new FrameFault('it names a transaction that is not there');
    const stored = this.frames.open(found.frame);
    assert.ok(
      sameUser(stored, recordOf(stored, found.at), bytes, record),
      "it names another user's",
    );
    const kind = kindOf(stored, found.at);
    if (head.mark === 'settle') assert.equal(kind, 'bet', 'a win names a bet');
    else assert.ok(moved === 0 - movedOf(stored, found.at), 'a rollback undoes what was moved');
  }
}
