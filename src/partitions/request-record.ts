import { hash } from 'node:crypto';
import type { Change, Collection, RequestEntry } from '../ledger/request.js';
import { transactionIdOf } from '../ledger/transactions.js';
import { codeOfKind } from '../ledger/vocabulary.js';
import type { Bytes } from './bytes.js';
import type { Currencies } from './currencies.js';
import { balanceOf, kindOf, movedOf, recordOf, timeOf, versionOf } from './frame.js';
import { packInto, textEnd, unpackAt, unpackedEnd } from './packing.js';
import {
  DETAILS,
  findDetail,
  hasReference,
  RECORD,
  readDetail,
  referenceAt,
  unpackDetail,
  userAt,
  userLength,
} from './record.js';

/** Where the codes of documents' collections stand on disk: in this order. */
const collections: readonly Collection[] = ['own', 'outbox', 'payments', 'codes'];

let scratch = Buffer.allocUnsafeSlow(4096);

/**
 * Packs the documents that an entry changes: how many, then for each the code of its collection in a
 * byte, its id, the length of its value in four, and the value, so that the bytes of a value can be
 * taken over as they are. What is returned is good until the next call.
 */
export function packChanges(changes: readonly Change[]): Buffer {
  let end = packInto(scratch, 0, changes.length);
  for (const { collection, id, value } of changes) {
    const head = packInto(scratch, end + 1, id);
    const next = packInto(scratch, head + 4, value);
    if (next > scratch.length) {
      scratch = Buffer.allocUnsafeSlow(next * 2);
      return packChanges(changes);
    }
    scratch[end] = collections.indexOf(collection);
    scratch.writeUInt32LE(next - head - 4, head);
    end = next;
  }
  return scratch.subarray(0, end);
}

/** A document as an entry packs it; its value is unpacked when it is looked at. */
class PackedChange implements Change {
  readonly collection: Collection;
  readonly id: string;
  readonly #bytes: Buffer;
  readonly #at: number;

  constructor(collection: Collection, id: string, bytes: Buffer, at: number) {
    this.collection = collection;
    this.id = id;
    this.#bytes = bytes;
    this.#at = at;
  }

  get value(): unknown {
    return unpackAt(this.#bytes, this.#at);
  }
}

/**
 * Calls back with each document that `packChanges` packed at `at`: where its packed id is, and its
 * value. Returns where they end.
 */
export function eachChange(
  bytes: Buffer,
  at: number,
  visit: (collection: Collection, id: number, value: number) => void,
): number {
  const count = unpackAt(bytes, at) as number;
  let next = unpackedEnd();
  for (let i = 0; i < count; i++) {
    const collection = collections[bytes[next] as number];
    if (collection === undefined) throw new RangeError('a document has no collection');
    const head = textEnd(bytes, next + 1);
    const length = bytes.readUInt32LE(head);
    visit(collection, next + 1, head + 4);
    next = head + 4 + length;
  }
  return next;
}

/** The documents that `packChanges` packed at `at`. Look at their values while the bytes are there. */
export function readChanges(bytes: Buffer, at: number): readonly Change[] {
  const changes: Change[] = [];
  eachChange(bytes, at, (collection, id, value) => {
    changes.push(new PackedChange(collection, unpackAt(bytes, id) as string, bytes, value));
  });
  return changes;
}

/** Where an entry's documents are packed; -1 when it has none. */
export function changesAt(bytes: Bytes, record: number): number {
  return findDetail(bytes, record, DETAILS.changes);
}

/** The 32 hex digits of an id. */
export function hexAt(u8: Buffer, at: number): string {
  return u8.toString('hex', at, at + 16);
}

/** The id of a record's user. */
export function userOf(bytes: Bytes, record: number): string {
  const at = userAt(bytes, record);
  return bytes.u8.toString('utf8', at, at + userLength(bytes, record));
}

/** The key of a record's actor: the bytes of the user's id, one character each. */
export function keyOf(bytes: Bytes, record: number): string {
  const at = userAt(bytes, record);
  return bytes.u8.toString('latin1', at, at + userLength(bytes, record));
}

const NO_ID = '0'.repeat(32);

/** An entry as its answer and the history see it; of whichever kind. */
export function readRequestEntry(bytes: Bytes, at: number, currencies: Currencies): RequestEntry {
  const record = recordOf(bytes, at);
  const kind = kindOf(bytes, at);
  const id = hexAt(bytes.u8, record + RECORD.transaction);
  const player = userOf(bytes, record);
  const changes = changesAt(bytes, record);
  return {
    kind,
    player,
    currency: currencies.read(bytes, record + RECORD.currency),
    args: unpackDetail(bytes, record, DETAILS.args) ?? argsOfTransaction(bytes, record),
    context: (unpackDetail(bytes, record, DETAILS.context) ?? {}) as RequestEntry['context'],
    changes: changes < 0 ? [] : readChanges(bytes.u8, changes),
    id: kind === 'open' && id === NO_ID ? openingId(player) : id,
    fresh: hexAt(bytes.u8, record + RECORD.request),
    time: timeOf(bytes),
    moved: movedOf(bytes, at),
    balance: balanceOf(bytes, at),
    version: versionOf(bytes, at),
  };
}

/** What the history tells of a bet, win or rollback. */
function argsOfTransaction(bytes: Bytes, record: number): unknown {
  const round = readDetail(bytes, record, DETAILS.round)?.toString('utf8');
  const undone =
    hasReference(bytes, record) && bytes.u8[record + RECORD.kind] === codeOfKind('rollback');
  return {
    ...(undone && { spend: transactionIdOf(hexAt(bytes.u8, referenceAt(record))) }),
    ...(round !== undefined && { reference: round }),
  };
}

/** Instead of an id, for the entry of an opening balance: 32 hex digits of the player's own. */
export function openingId(player: string): string {
  return hash('sha256', `opening\0${player}`).slice(0, NO_ID.length);
}
