import { absent, mistyped } from '../ledger/vocabulary.js';
import { align8, type Bytes, sameBytes, sameUuid } from './bytes.js';
import { packInto, unpackAt } from './packing.js';

/**
 * A command as bytes: written once by the engine, read by the partition, and copied unchanged into
 * the journal, where its bytes are also what a retry is compared with. All of it is little-endian
 * and begins at a multiple of 8.
 *
 *  0 u32 length with padding     16 transaction uuid     48 currency, ASCII, zero-padded
 *  4 u8  kind                    32 request uuid         56 u8 length of the user
 *  5 u8  flags                                           57 u8 reserved, 58 u16 reserved
 *  6 u16 faults                                          60 u32 length of the details
 *  8 f64 amount                                          64 [reference uuid] user details
 */
export const RECORD = {
  kind: 4,
  flags: 5,
  faults: 6,
  amount: 8,
  transaction: 16,
  request: 32,
  currency: 48,
  userLength: 56,
  detailsLength: 60,
  body: 64,
} as const;

export const FLAGS = {
  free: 1,
  promo: 2,
  reference: 4,
  /** Another partition has this id; set by the engine, cleared in the journal. */
  takenElsewhere: 8,
  roundClosed: 16,
  aggregated: 32,
} as const;

/** Tags of the optional fields in the details; the codes are on disk, in this order. */
export const DETAILS = {
  round: 1,
  game_code: 2,
  supplier_transaction_id: 3,
  supplier_user: 4,
  bet: 5,
  reward_uuid: 6,
  meta: 7,
  /** Eight bytes of a seeded hash: the token itself is a secret of the session. */
  token: 8,
  /** The `request_uuid` as it was sent, when some digit was a capital. The last of what was sent. */
  request: 9,
  /** Settings of a player, packed. */
  settings: 10,
  /** Of a request, packed: what was asked for, what the engine knew, what it changed. */
  args: 11,
  context: 12,
  changes: 13,
  /** Of an entry of a player with daily limits, packed: what was staked and won on its day, with it. */
  day: 14,
} as const;

/** Details that a caller did not ask for. */
const OWN: ReadonlySet<number> = new Set([DETAILS.request, DETAILS.day]);

/** Details whose difference makes the content different in every dialect. */
const LISTED: ReadonlySet<number> = new Set([DETAILS.round, DETAILS.game_code]);
const LONG = 255;

export function referenceAt(start: number): number {
  return start + RECORD.body;
}

/** Whether the record names another transaction. */
export function hasReference(bytes: Bytes, start: number): boolean {
  return ((bytes.u8[start + RECORD.flags] as number) & FLAGS.reference) !== 0;
}

/** Where the user begins: a multiple of 8. */
export function userAt(bytes: Bytes, start: number): number {
  return referenceAt(start) + (hasReference(bytes, start) ? 16 : 0);
}

export function userLength(bytes: Bytes, start: number): number {
  return bytes.u8[start + RECORD.userLength] as number;
}

function detailsAt(bytes: Bytes, start: number): number {
  return userAt(bytes, start) + userLength(bytes, start);
}

function detailsLength(bytes: Bytes, start: number): number {
  return bytes.u32[(start + RECORD.detailsLength) >> 2] as number;
}

/** The command's amount in minor units; what it means depends on the kind. */
export function amountOf({ f64 }: Bytes, start: number): number {
  return f64[(start + RECORD.amount) >> 3] as number;
}

export function faultsOf(bytes: Bytes, start: number): number {
  const at = start + RECORD.faults;
  return (bytes.u8[at] as number) | ((bytes.u8[at + 1] as number) << 8);
}

export function recordLength(bytes: Bytes, start: number): number {
  return bytes.u32[start >> 2] as number;
}

/** Writes one detail and returns where the next begins: tag, length in 1 or 5 bytes, value. */
export function writeDetail(u8: Uint8Array, at: number, tag: number, value: Uint8Array): number {
  u8[at] = tag;
  let next = at + 2;
  if (value.length < LONG) u8[at + 1] = value.length;
  else {
    u8[at + 1] = LONG;
    for (let i = 0; i < 4; i++) u8[next++] = (value.length >>> (8 * i)) & 0xff;
  }
  u8.set(value, next);
  return next + value.length;
}

/** Ends a record: its two lengths, and zeroes up to the next multiple of 8, which it returns. */
export function endRecord(bytes: Bytes, start: number, details: number, end: number): number {
  const next = align8(end);
  for (let at = end; at < next; at++) bytes.u8[at] = 0;
  bytes.u32[start >> 2] = next - start;
  bytes.u32[(start + RECORD.detailsLength) >> 2] = end - details;
  return next;
}

/** Packs a value as a detail, likewise. */
export function packDetail(u8: Buffer, at: number, tag: number, value: unknown): number {
  u8[at] = tag;
  const end = packInto(u8, at + 2, value);
  const length = end - at - 2;
  if (length < LONG) u8[at + 1] = length;
  if (length < LONG || end + 4 > u8.length) return end;
  u8.copyWithin(at + 6, at + 2, end);
  u8[at + 1] = LONG;
  u8.writeUInt32LE(length, at + 2);
  return end + 4;
}

/** Where the value of a detail begins; -1 when there is none. */
export function findDetail(bytes: Bytes, start: number, wanted: number): number {
  const { u8 } = bytes;
  const end = detailsAt(bytes, start) + detailsLength(bytes, start);
  for (let at = detailsAt(bytes, start); at < end; at = valueAt(u8, at) + valueLength(u8, at)) {
    if (u8[at] === wanted) return valueAt(u8, at);
  }
  return -1;
}

/** Of the detail whose tag is at `at`. */
function valueLength(u8: Buffer, at: number): number {
  const length = u8[at + 1] as number;
  return length === LONG ? u8.readUInt32LE(at + 2) : length;
}

function valueAt(u8: Buffer, at: number): number {
  return at + (u8[at + 1] === LONG ? 6 : 2);
}

/** The value that a detail packs; undefined when there is no such detail. */
export function unpackDetail(bytes: Bytes, start: number, wanted: number): unknown {
  const at = findDetail(bytes, start, wanted);
  return at < 0 ? undefined : unpackAt(bytes.u8, at);
}

/** Calls back with the place of each detail's value, in the order they were written. */
function eachDetail(
  bytes: Bytes,
  start: number,
  found: (tag: number, at: number, length: number) => void,
): void {
  const { u8 } = bytes;
  let at = detailsAt(bytes, start);
  const end = at + detailsLength(bytes, start);
  while (at < end) {
    const [value, length] = [valueAt(u8, at), valueLength(u8, at)];
    found(u8[at] as number, value, length);
    at = value + length;
  }
}

/** The details of a record by their tags, copied. */
export function readDetails(bytes: Bytes, start: number): Map<number, Buffer> {
  const details = new Map<number, Buffer>();
  eachDetail(bytes, start, (tag, at, length) => {
    details.set(tag, Buffer.from(bytes.u8.subarray(at, at + length)));
  });
  return details;
}

/** A copy of one detail. */
export function readDetail(bytes: Bytes, start: number, wanted: number): Buffer | undefined {
  let found: Buffer | undefined;
  eachDetail(bytes, start, (tag, at, length) => {
    if (tag === wanted) found = Buffer.from(bytes.u8.subarray(at, at + length));
  });
  return found;
}

/** Bytes that a detail takes, at most. */
export function detailBytes(value: Uint8Array): number {
  return value.length + 2 + 4 + 8;
}

/** Adds a detail to a record behind which there is room; returns where the record ends. */
export function appendDetail(bytes: Bytes, start: number, tag: number, value: Uint8Array): number {
  const details = detailsAt(bytes, start);
  const end = details + detailsLength(bytes, start);
  return endRecord(bytes, start, details, writeDetail(bytes.u8, end, tag, value));
}

/** Whether two requests ask for the same: kind, player and arguments. */
export function sameRequest(a: Bytes, aStart: number, b: Bytes, bStart: number): boolean {
  if (a.u8[aStart + RECORD.kind] !== b.u8[bStart + RECORD.kind]) return false;
  if (!sameUser(a, aStart, b, bStart)) return false;
  const [mine, other] = [readDetail(a, aStart, DETAILS.args), readDetail(b, bStart, DETAILS.args)];
  return mine !== undefined && other !== undefined && mine.equals(other);
}

/** Joins the compared details, so that two records can be compared as text. */
function contentOf(bytes: Bytes, start: number, listedOnly: boolean): string {
  let content = '';
  eachDetail(bytes, start, (tag, at, length) => {
    if (OWN.has(tag) || (listedOnly && !LISTED.has(tag))) return;
    content += `${tag}:${bytes.u8.toString('latin1', at, at + length)};`;
  });
  return content;
}

/** The flags that never make the content different. */
const TRANSIENT = FLAGS.takenElsewhere;
const LISTED_FLAGS = FLAGS.reference;
/** Likewise: a `request_uuid` of another form, or none, is another one. */
const TRANSIENT_FAULTS = absent('request') | mistyped('request');

/**
 * Whether two commands ask for the same: every field but `request_uuid`, or only the operation,
 * user, amount, currency, reference, round and game.
 */
export function sameContent(
  a: Bytes,
  aStart: number,
  b: Bytes,
  bStart: number,
  listedOnly: boolean,
): boolean {
  const flags = (a.u8[aStart + RECORD.flags] as number) ^ (b.u8[bStart + RECORD.flags] as number);
  if ((flags & (listedOnly ? LISTED_FLAGS : ~TRANSIENT)) !== 0) return false;
  const faults = faultsOf(a, aStart) ^ faultsOf(b, bStart);
  if ((faults & ~TRANSIENT_FAULTS) !== 0) return false;
  return (
    a.u8[aStart + RECORD.kind] === b.u8[bStart + RECORD.kind] &&
    a.f64[(aStart + RECORD.amount) >> 3] === b.f64[(bStart + RECORD.amount) >> 3] &&
    sameCurrency(a, aStart, b, bStart) &&
    sameReferenceAndUser(a, aStart, b, bStart) &&
    contentOf(a, aStart, listedOnly) === contentOf(b, bStart, listedOnly)
  );
}

/** A rollback carries no currency; its entry has the account's. */
function sameCurrency(a: Bytes, aStart: number, b: Bytes, bStart: number): boolean {
  const i = (aStart + RECORD.currency) >> 3;
  const j = (bStart + RECORD.currency) >> 3;
  return a.f64[i] === b.f64[j] || a.f64[i] === 0 || b.f64[j] === 0;
}

function sameReferenceAndUser(a: Bytes, aStart: number, b: Bytes, bStart: number): boolean {
  if (!sameUser(a, aStart, b, bStart)) return false;
  return !hasReference(a, aStart) || sameUuid(a, referenceAt(aStart), b, referenceAt(bStart));
}

export function sameUser(a: Bytes, aStart: number, b: Bytes, bStart: number): boolean {
  const length = userLength(a, aStart);
  if (length !== userLength(b, bStart)) return false;
  return sameBytes(a.u8, userAt(a, aStart), b.u8, userAt(b, bStart), length);
}
