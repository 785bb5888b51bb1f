import assert from 'node:assert/strict';
import { applyToAccount, applyToBooks, Books } from '../ledger/apply.js';
import { opensAccount } from '../ledger/families.js';
import { applySetting } from '../ledger/players.js';
import {
  type AccountName,
  isEntry,
  isRequest,
  isTransaction,
  type Kind,
} from '../ledger/vocabulary.js';
import { type Actor, standingOf } from './actor.js';
import { ActorTable } from './actor-table.js';
import type { Bytes } from './bytes.js';
import { Currencies } from './currencies.js';
import { type EntryHead, FrameFault, kindOf, readEntryHead, recordOf } from './frame.js';
import type { FrameStore } from './frame-store.js';
import { partitionOf } from './partition-of.js';
import { amountOf, RECORD, userAt, userLength } from './record.js';
import { userOf } from './request-record.js';
import { RequestVerifier } from './request-verifier.js';
import { settingOf } from './setting-record.js';
import type { PlacedEntry, SharedIds } from './shared-ids.js';
import { TransactionVerifier } from './transaction-verifier.js';

/** Which part of a data directory a partition is. */
export interface Share {
  readonly partition: number;
  readonly partitions: number;
  /** What its treasury begins with, minor units. */
  readonly supply: number;
}

/**
 * Recomputes every account from its entries, with the ledger's own rules. What it must remember is
 * outside the JavaScript heap as far as possible: an index of places, and a row for each account.
 */
export class EntryVerifier {
  readonly frames: FrameStore;
  readonly books: Books = new Books();
  readonly requests: RequestVerifier;
  readonly #transactions: TransactionVerifier;
  readonly #ids: SharedIds;
  readonly #share: Share;
  #hasGenesis = false;
  readonly #currencies = new Currencies();
  /** Accounts as their entries make them, up to the last one that was read. */
  readonly #actors = new ActorTable(this.#currencies);
  #users = 0;

  constructor(frames: FrameStore, share: Share, ids: SharedIds) {
    this.frames = frames;
    this.#ids = ids;
    this.#share = share;
    ids.stores.push(frames);
    this.#transactions = new TransactionVerifier(frames, share.partition, ids);
    this.requests = new RequestVerifier(frames, ids);
  }

  /** Players; not the ledger's own actors. */
  get users(): number {
    return this.#users;
  }

  /** The sum of all balances, minor units. */
  balances(): bigint {
    let sum = 0n;
    for (let row = 0; row < this.#actors.size; row++)
      sum += BigInt(this.#actors.actor(row).balance);
    return sum;
  }

  /** Throws FrameFault or AssertionError with what is wrong. */
  verify(bytes: Bytes, frame: number, at: number): void {
    const head = readEntryHead(bytes, at);
    const kind = kindOf(bytes, at);
    if (!isEntry(kind)) throw new FrameFault(`a ${kind} is never an entry`);
    applyToBooks(this.books, head.postings);
    const isFirst = !this.#hasGenesis;
    assert.ok(
      (kind === 'genesis') === isFirst,
      'the first entry, and no other one, is the genesis',
    );
    this.#hasGenesis = true;
    if (kind === 'genesis') onlyMoves(head, 'issuance', 'treasury', this.#share.supply);
    else this.#verifyOfActor(kind, { bytes, frame, at, head });
  }

  /** An entry of a user, or of an actor of the ledger's own. */
  #verifyOfActor(kind: Kind, entry: PlacedEntry): void {
    const { bytes, frame, at, head } = entry;
    const record = recordOf(bytes, at);
    const actor = this.#actorOf(bytes, record, kind);
    if (isRequest(kind)) {
      this.requests.verify(entry, actor.version === 0 ? undefined : actor, this.#currencies);
    }
    assert.equal(head.previousFrame, actor.frame, 'it points to the entry before of its user');
    assert.equal(head.previousAt, actor.at, 'it points to the entry before of its user');
    const moved = isTransaction(kind) ? this.#transactions.verify(kind, entry, actor) : 0;
    applyToAccount(actor, head.postings);
    if (kind === 'status' || kind === 'limits') {
      applySetting(actor, settingOf(kind, bytes, record));
    }
    if (head.mark === 'tombstone') actor.tombstones = true;
    assert.equal(head.version, actor.version, 'versions have no gaps');
    assert.equal(head.balance, actor.balance, 'the balance after is the sum of the postings');
    assert.equal(head.standing, standingOf(actor), 'the standing is what the entries made it');
    actor.moveTo(frame, at);
    if (isTransaction(kind)) {
      onlyMoves(head, 'house', 'player', moved);
    } else {
      assert.equal(head.mark, 'none', 'only a win or a rollback marks what it names');
      if (isRequest(kind)) return;
      onlyMoves(head, 'issuance', 'player', kind === 'open' ? openedWith(bytes, record) : 0);
    }
  }

  #actorOf(bytes: Bytes, record: number, kind: Kind): Actor {
    const at = userAt(bytes, record);
    const length = userLength(bytes, record);
    if (length === 0) throw new FrameFault('it names no user');
    const { hash } = this.#ids;
    hash.text(bytes, at, length);
    const known = this.#actors.find(hash, bytes, at, length);
    if (known !== undefined) {
      assert.ok(kind !== 'open' && kind !== 'signup', 'an account is opened once');
      const currency = this.#currencies.read(bytes, record + RECORD.currency);
      assert.equal(currency, known.currency, 'an account keeps its currency');
      return known;
    }
    const opens = kind === 'open' || (isRequest(kind) && opensAccount(kind));
    assert.ok(opens, 'the first entry of an account opens it');
    const owner = partitionOf(userOf(bytes, record), this.#share.partitions);
    assert.equal(owner, this.#share.partition, 'the partition that its user belongs to');
    if (bytes.u8[at] !== 0) this.#users += 1;
    return this.#actors.add(hash, bytes, at, length, record + RECORD.currency);
  }
}

function openedWith(bytes: Bytes, record: number): number {
  const amount = amountOf(bytes, record);
  assert.ok(Number.isSafeInteger(amount) && amount >= 0, 'an account is opened with an amount');
  return amount;
}

/** The only postings of the entry are what moves from one account to the other. */
function onlyMoves(
  { postings }: EntryHead,
  from: AccountName,
  to: AccountName,
  amount: number,
): void {
  const sum = (account: AccountName): number =>
    postings.reduce((all, posting) => all + (posting.account === account ? posting.amount : 0), 0);
  const right = sum(to) === amount && sum(from) === 0 - amount;
  const size = amount === 0 ? 0 : 2;
  assert.ok(right && postings.length === size, `it moves ${amount} from ${from} to ${to} alone`);
}
