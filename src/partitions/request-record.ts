import type { Change, Collection, RequestEntry } from '../ledger/request.js';
import { kindCodes } from '../ledger/vocabulary.js';
import type { Bytes } from './bytes.js';
import type { Currencies } from './currencies.js';
import { balanceOf, kindOf, movedOf, recordOf, timeOf, versionOf } from './frame.js';
import { pack, unpack } from './packing.js';
import { DETAILS, FLAGS, RECORD, readDetail, referenceAt, userAt, userLength } from './record.js';

/** Where the codes of documents' collections stand on disk: in this order. */
const collections: readonly Collection[] = ['own', 'outbox', 'payments', 'codes'];

export function packChanges(changes: readonly Change[]): Buffer {
  return pack(
    changes.map(({ collection, id, value }) => [collections.indexOf(collection), id, value]),
  );
}

type Packed = readonly [collection: number, id: string, value: unknown];

/** The changes that an entry's request made. */
export function readChanges(bytes: Bytes, record: number): readonly Change[] {
  return unpackChanges(readDetail(bytes, record, DETAILS.changes));
}

/** What `packChanges` packed. */
export function unpackChanges(packed: Uint8Array | undefined): readonly Change[] {
  const changes = (unpack(packed) ?? []) as readonly Packed[];
  return changes.map(([code, id, value]) => {
    return { collection: collections[code] as Collection, id, value };
  });
}

/** The 32 hex digits of an id in a record. */
export function hexAt({ u8 }: Bytes, at: number): string {
  return Buffer.from(u8.subarray(at, at + 16)).toString('hex');
}

/** A user's id, from the bytes of a record. */
export function userOf({ u8 }: Bytes, at: number, length: number): string {
  return Buffer.from(u8.subarray(at, at + length)).toString('utf8');
}

const NO_ID = '0'.repeat(32);

/** An entry as its answer and the history see it; of whichever kind. */
export function readRequestEntry(bytes: Bytes, at: number, currencies: Currencies): RequestEntry {
  const record = recordOf(bytes, at);
  const kind = kindOf(bytes, at);
  const id = hexAt(bytes, record + RECORD.transaction);
  return {
    kind,
    player: userOf(bytes, userAt(bytes, record), userLength(bytes, record)),
    currency: currencies.read(bytes, record + RECORD.currency),
    args: unpack(readDetail(bytes, record, DETAILS.args)) ?? argsOfTransaction(bytes, record),
    context: (unpack(readDetail(bytes, record, DETAILS.context)) ?? {}) as RequestEntry['context'],
    changes: readChanges(bytes, record),
    id: id === NO_ID ? placeId(bytes, at) : id,
    fresh: hexAt(bytes, record + RECORD.request),
    time: timeOf(bytes),
    moved: movedOf(bytes, at),
    balance: balanceOf(bytes, at),
    version: versionOf(bytes, at),
  };
}

/** What the history tells of a bet, win or rollback. */
function argsOfTransaction(bytes: Bytes, record: number): unknown {
  const flags = bytes.u8[record + RECORD.flags] as number;
  const round = readDetail(bytes, record, DETAILS.round)?.toString('utf8');
  const undone =
    (flags & FLAGS.reference) !== 0 && bytes.u8[record + RECORD.kind] === kindCodes.rollback;
  return {
    ...(undone && { spend: `tx_${hexAt(bytes, referenceAt(record))}` }),
    ...(round !== undefined && { reference: round }),
  };
}

/** Instead of an id, for an entry without one: its player's version, which is unique for it. */
function placeId(bytes: Bytes, at: number): string {
  return versionOf(bytes, at).toString(16).padStart(32, '0');
}
