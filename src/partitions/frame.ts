import { hash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import {
  type AccountName,
  accountCodes,
  CLEARING_CODE,
  fixedAccounts,
  type Kind,
  kindNames,
  type Posting,
} from '../ledger/vocabulary.js';
import { limits } from '../limits.js';
import { allocateBytes, type Bytes } from './bytes.js';
import { ENTRY, type EntryHead, FRAME, MAGIC, marks } from './frame-layout.js';
import { frameIn, placeIn } from './place.js';
import { DETAILS, RECORD, unpackDetail } from './record.js';

export { type EntryHead, STANDING } from './frame-layout.js';

const HASH_BYTES = 32;

export interface FrameHeader {
  readonly number: number;
  readonly entries: number;
  readonly sequence: number;
  readonly time: number;
  readonly partition: number;
  readonly previous: Buffer;
  readonly length: number;
}

export function hashFrame(frame: Uint8Array): Buffer {
  return hash('sha256', frame, 'buffer');
}

/** A fault of a stored frame; the message says where in the frame. */
export class FrameFault extends Error {}

/** Refuses the bytes of a stored frame that are not as they were sealed. */
export function checkFrame(stored: Uint8Array): void {
  if (stored.length < FRAME.header || stored.length % 8 !== 0) {
    throw new FrameFault(`has ${stored.length} bytes, which no frame has`);
  }
  const view = new DataView(stored.buffer, stored.byteOffset, stored.length);
  if (view.getUint32(0, true) !== MAGIC) throw new FrameFault('does not begin as a frame does');
  if (view.getUint32(FRAME.length, true) !== stored.length) {
    throw new FrameFault('has another length than it says');
  }
  if (view.getUint32(FRAME.crc, true) !== crc32(stored.subarray(FRAME.length))) {
    throw new FrameFault('does not fit its checksum');
  }
}

/** Views over an aligned copy of a stored frame, which is checked first. */
export function openFrame(stored: Uint8Array): Bytes {
  checkFrame(stored);
  const bytes = allocateBytes(stored.length);
  bytes.u8.set(stored);
  return bytes;
}

export function readFrameHeader({ u8, u32, f64 }: Bytes): FrameHeader {
  return {
    number: f64[FRAME.number >> 3] as number,
    entries: u32[FRAME.entries >> 2] as number,
    sequence: f64[FRAME.sequence >> 3] as number,
    time: f64[FRAME.time >> 3] as number,
    partition: u32[FRAME.partition >> 2] as number,
    previous: Buffer.from(u8.subarray(FRAME.previous, FRAME.previous + HASH_BYTES)),
    length: u32[FRAME.length >> 2] as number,
  };
}

/** Refuses a frame that is not the one with this number, or does not go on from the one before it. */
export function checkSuccession(
  header: FrameHeader,
  wanted: Pick<FrameHeader, 'number' | 'partition' | 'previous' | 'sequence'>,
): void {
  if (header.number !== wanted.number) {
    throw new FrameFault(`says that it is frame ${header.number}`);
  }
  if (header.partition !== wanted.partition) {
    throw new FrameFault(`is of partition ${header.partition}`);
  }
  if (!header.previous.equals(wanted.previous)) {
    throw new FrameFault('does not follow the one before it: its hash is another');
  }
  if (header.sequence !== wanted.sequence) throw new FrameFault('has a gap in its sequence');
}

/** Calls back with the place of each entry; refuses entries that do not fill the frame exactly. */
export function eachEntry(bytes: Bytes, visit: (at: number, index: number) => void): void {
  const { entries, length } = readFrameHeader(bytes);
  let at: number = FRAME.header;
  for (let index = 0; index < entries; index++) {
    const size = entryLength(bytes, at);
    if (size < ENTRY.amounts + RECORD.body || size % 8 !== 0 || at + size > length) {
      throw new FrameFault(`entry ${index} has an impossible length`);
    }
    visit(at, index);
    at += size;
  }
  if (at !== length) throw new FrameFault('is longer than its entries');
}

/** Whether one of a frame's entries begins at a place. */
export function hasEntryAt(bytes: Bytes, place: number): boolean {
  let found = false;
  eachEntry(bytes, (at) => {
    found ||= at === place;
  });
  return found;
}

function entryLength(bytes: Bytes, at: number): number {
  return bytes.u32[at >> 2] as number;
}

/** Where the command's record of an entry begins. */
export function recordOf(bytes: Bytes, at: number): number {
  return at + ENTRY.amounts + 8 * (bytes.u8[at + ENTRY.postings] as number);
}

function accountOf(bytes: Bytes, at: number, code: number): AccountName {
  const fixed = fixedAccounts[code];
  if (fixed !== undefined) return fixed;
  const args = unpackDetail(bytes, recordOf(bytes, at), DETAILS.args);
  const { provider } = (args ?? {}) as { readonly provider?: unknown };
  if (code === CLEARING_CODE && typeof provider === 'string') return `clearing:${provider}`;
  throw new FrameFault('has a posting to an unknown account');
}

/** When a stored frame says that it was begun; it may be damaged. */
export function timeOfStored(stored: Uint8Array): number {
  if (stored.length < FRAME.header) return Number.NEGATIVE_INFINITY;
  return new DataView(stored.buffer, stored.byteOffset).getFloat64(FRAME.time, true);
}

/** When a frame was begun, milliseconds since 1970. */
export function timeOf(bytes: Bytes): number {
  return bytes.f64[FRAME.time >> 3] as number;
}

export function balanceOf(bytes: Bytes, at: number): number {
  return bytes.f64[(at + ENTRY.balance) >> 3] as number;
}

export function versionOf(bytes: Bytes, at: number): number {
  return bytes.u32[(at + ENTRY.version) >> 2] as number;
}

export function kindOf(bytes: Bytes, at: number): Kind {
  const code = bytes.u8[recordOf(bytes, at) + RECORD.kind] as number;
  const kind = kindNames.get(code);
  if (kind === undefined) throw new FrameFault(`has an entry of the unknown kind ${code}`);
  return kind;
}

/** What the entry posted to the player. */
export function movedOf(bytes: Bytes, at: number): number {
  const count = bytes.u8[at + ENTRY.postings] as number;
  let moved = 0;
  for (let i = 0; i < count; i++) {
    if (bytes.u8[at + ENTRY.accounts + i] === accountCodes.player) {
      moved += bytes.f64[((at + ENTRY.amounts) >> 3) + i] as number;
    }
  }
  return moved;
}

export function readEntryHead(bytes: Bytes, at: number): EntryHead {
  const { u8, u32, f64 } = bytes;
  const count = u8[at + ENTRY.postings] as number;
  if (count > limits.entry_postings) throw new FrameFault(`has an entry with ${count} postings`);
  const postings: Posting[] = [];
  for (let i = 0; i < count; i++) {
    const account = accountOf(bytes, at, u8[at + ENTRY.accounts + i] as number);
    postings.push({ account, amount: f64[((at + ENTRY.amounts) >> 3) + i] as number });
  }
  const mark = marks[u8[at + ENTRY.mark] as number];
  if (mark === undefined) throw new FrameFault('has an entry with an unknown mark');
  const low = u32[(at + ENTRY.previous) >> 2] as number;
  const high = u32[(at + ENTRY.previous + 4) >> 2] as number;
  return {
    version: u32[(at + ENTRY.version) >> 2] as number,
    balance: f64[(at + ENTRY.balance) >> 3] as number,
    previousFrame: frameIn(low, high),
    previousAt: placeIn(high),
    mark,
    standing: u8[at + ENTRY.standing] as number,
    postings,
  };
}
