import assert from 'node:assert/strict';
import { isDeepEqual } from '../ledger/equal.js';
import { decideRequest } from '../ledger/families.js';
import { LOT, type Lot } from '../ledger/lots.js';
import { movedToPlayer } from '../ledger/money.js';
import {
  type Asked,
  type Collection,
  changed,
  type Earlier,
  type RequestEntry,
} from '../ledger/request.js';
import { ORDER, type StoredOrder } from '../ledger/stored-orders.js';
import type { Account, RequestKind } from '../ledger/vocabulary.js';
import { allocateBytes, type Bytes, sameUuid } from './bytes.js';
import type { Currencies } from './currencies.js';
import { type EntryHead, kindOf, movedOf, recordOf } from './frame.js';
import type { FrameStore } from './frame-store.js';
import type { Hash } from './hash.js';
import { ownerOf } from './layer.js';
import { LocationIndex } from './location-index.js';
import { pack, unpack } from './packing.js';
import { DETAILS, RECORD, readDetail, sameUser } from './record.js';
import { keyOf, packChanges, readRequestEntry } from './request-record.js';
import type { PlacedEntry, SharedIds } from './shared-ids.js';
import type { Transit } from './transit.js';

const ID_BYTES = 16;

/**
 * Verifies the requests of one partition: each is decided once more, with the documents that the
 * entries before it made, and must come out as it stands; and, by rules of its own, the money and
 * the units of every order agree.
 */
export class RequestVerifier {
  /** Documents by owner and id, packed: a walk may see many. */
  readonly #documents = new Map<string, Buffer>();
  /** Where the requests are, by their ids. */
  readonly #index = new LocationIndex();
  readonly #frames: FrameStore;
  readonly #hash: Hash;
  readonly #transit: Transit;
  readonly #sought = allocateBytes(ID_BYTES);
  orders = 0;
  lots = 0;

  constructor(frames: FrameStore, { hash, transit }: SharedIds) {
    this.#frames = frames;
    this.#hash = hash;
    this.#transit = transit;
  }

  /** `account` as it was before the entry; undefined when the entry opens it. */
  verify(placed: PlacedEntry, account: Account | undefined, currencies: Currencies): void {
    const { bytes, at, head } = placed;
    const record = recordOf(bytes, at);
    const entry = readRequestEntry(bytes, at, currencies);
    const isNew = !this.#find(bytes, record + RECORD.transaction, bytes, record);
    assert.ok(isNew, `the request ${entry.id} stands for another entry already`);
    const asked = this.#ask(entry, account, bytes, record);
    const ruling = decideRequest(entry.kind as RequestKind, asked);
    assert.equal(ruling.kind, 'granted', `the rules grant this ${entry.kind}`);
    if (ruling.kind !== 'granted') return;
    assert.ok(isDeepEqual(ruling.postings, head.postings), `the postings of this ${entry.kind}`);
    const changes = readDetail(bytes, record, DETAILS.changes);
    const same = changes !== undefined && packChanges(ruling.changes).equals(changes);
    assert.ok(same, `what this ${entry.kind} changed`);
    agreement(entry, head);
    this.#note(entry, placed);
  }

  #ask(entry: RequestEntry, account: Account | undefined, bytes: Bytes, record: number): Asked {
    const key = keyOf(bytes, record);
    return {
      ...entry,
      account,
      read: (collection, doc) => unpack(this.#documents.get(placeOf(key, collection, doc))),
      earlier: (other) => this.#earlier(other, bytes, record),
    };
  }

  /** The entry under an id, 32 hex digits, of a record's player. */
  #earlier(id: string, bytes: Bytes, record: number): Earlier | undefined {
    if (!/^[0-9a-f]{32}$/.test(id)) return undefined;
    this.#sought.u8.set(Buffer.from(id, 'hex'));
    if (!this.#find(this.#sought, 0, bytes, record)) return undefined;
    const { frame, at } = this.#index;
    const stored = this.#frames.open(frame);
    return { kind: kindOf(stored, at), moved: movedOf(stored, at) };
  }

  /** Whether an entry of the record's player stands under the id at `at` of `ids`. */
  #find(ids: Bytes, at: number, bytes: Bytes, record: number): boolean {
    this.#hash.uuid(ids, at);
    return this.#index.find(this.#hash, (otherFrame, otherAt) => {
      const stored = this.#frames.open(otherFrame);
      const other = recordOf(stored, otherAt);
      const same = sameUuid(stored, other + RECORD.transaction, ids, at);
      return same && sameUser(stored, other, bytes, record);
    });
  }

  #note(entry: RequestEntry, { bytes, frame, at }: PlacedEntry): void {
    const record = recordOf(bytes, at);
    this.#hash.uuid(bytes, record + RECORD.transaction);
    this.#index.insert(this.#hash, frame, at, 0);
    const key = keyOf(bytes, record);
    for (const { collection, id: doc, value } of entry.changes) {
      const place = placeOf(key, collection, doc);
      if (collection === 'own' && !this.#documents.has(place)) this.#count(doc);
      if (value === null) this.#documents.delete(place);
      else this.#documents.set(place, pack(value));
    }
    this.#transit.note(entry);
  }

  #count(doc: string): void {
    if (doc.startsWith(ORDER)) this.orders += 1;
    if (doc.startsWith(LOT)) this.lots += 1;
  }
}

function placeOf(key: string, collection: Collection, id: string): string {
  return `${ownerOf(key, collection)}\0${id}`;
}

/** Every COMPLETED order has its debit and its lots in one entry, and every lot its sums. */
function agreement(entry: RequestEntry, { postings }: EntryHead): void {
  const order = changed<StoredOrder | undefined>(entry.changes, ORDER);
  const lots = entry.changes
    .filter(({ collection, id }) => collection === 'own' && id.startsWith(LOT))
    .map(({ value }) => value as Lot);
  for (const { granted, consumed, revoked } of lots) {
    const whole = granted >= 1 && consumed >= 0 && revoked >= 0;
    assert.ok(whole && consumed + revoked <= granted, 'a lot has no more units used than granted');
  }
  const pays = order?.history.at(-1) === 'COMPLETED' && order.completed === entry.time;
  if (order === undefined || !pays || entry.kind === 'order_refund') return;
  const { kind } = entry;
  assert.ok(kind === 'order' || kind === 'complete', 'an order is completed by its own entries');
  const price = order.lines.reduce((sum, line) => sum + line.price * line.quantity, 0);
  const grants = order.lines.reduce((sum, line) => sum + (line.grants ?? 0) * line.quantity, 0);
  assert.equal(price, order.total, 'the total of an order is that of its lines');
  assert.equal(movedToPlayer(postings), grants - price, 'a COMPLETED order has its debit');
  for (const line of order.lines) {
    const lot = lots.find((one) => one.id === line.lot);
    assert.equal(lot?.granted, line.quantity, 'a COMPLETED order has its lots');
    assert.equal(lot?.order, order.id, 'a lot names its order');
  }
}
