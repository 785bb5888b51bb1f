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
import type { Bytes } from './bytes.js';
import type { Currencies } from './currencies.js';
import { type EntryHead, recordOf } from './frame.js';
import { pack, unpack } from './packing.js';
import { DETAILS, readDetail } from './record.js';
import { packChanges, readRequestEntry } from './request-record.js';
import type { Transit } from './transit.js';

/**
 * Verifies the requests of one partition: each is decided once more, with the documents that the
 * entries before it made, and must come out as it stands; and, by rules of its own, the money and
 * the units of every order agree.
 */
export class RequestVerifier {
  /** Documents by owner and id, packed: a walk may see many. */
  readonly #documents = new Map<string, Buffer>();
  readonly #earlier = new Map<string, Earlier>();
  readonly #transit: Transit;
  orders = 0;
  lots = 0;

  constructor(transit: Transit) {
    this.#transit = transit;
  }

  /** `account` as it was before the entry; undefined when the entry opens it. */
  verify(
    bytes: Bytes,
    at: number,
    head: EntryHead,
    key: string,
    account: Account | undefined,
    currencies: Currencies,
  ): void {
    const entry = readRequestEntry(bytes, at, currencies);
    const id = `${key}\0${entry.id}`;
    assert.ok(!this.#earlier.has(id), `the request ${entry.id} stands for another entry already`);
    const ruling = decideRequest(entry.kind as RequestKind, this.#ask(entry, key, account));
    assert.equal(ruling.kind, 'granted', `the rules grant this ${entry.kind}`);
    if (ruling.kind !== 'granted') return;
    assert.ok(isDeepEqual(ruling.postings, head.postings), `the postings of this ${entry.kind}`);
    const changes = readDetail(bytes, recordOf(bytes, at), DETAILS.changes);
    const same = changes !== undefined && packChanges(ruling.changes).equals(changes);
    assert.ok(same, `what this ${entry.kind} changed`);
    agreement(entry, head);
    this.#note(entry, key, id);
  }

  #ask(entry: RequestEntry, key: string, account: Account | undefined): Asked {
    const { player, args, context, id, fresh, time } = entry;
    return {
      ...{ player, account, args, context, id, fresh, time },
      read: (collection, doc) => unpack(this.#documents.get(placeOf(key, collection, doc))),
      earlier: (other) => this.#earlier.get(`${key}\0${other}`),
    };
  }

  #note(entry: RequestEntry, key: string, id: string): void {
    this.#earlier.set(id, { kind: entry.kind, moved: entry.moved });
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
  return collection === 'own' ? `${key}\0${id}` : `\0\0${collection}\0${id}`;
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
