import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import {
  type AccountName,
  accountCodes,
  CLEARING_CODE,
  type FixedAccount,
  fixedAccounts,
  type Kind,
  kindNames,
  type Mark,
  type Posting,
} from '../ledger/vocabulary.js';
import { limits } from '../limits.js';
import { allocateBytes, type Bytes } from './bytes.js';
import {
  appendDetail,
  DETAILS,
  detailBytes,
  RECORD,
  recordLength,
  unpackDetail,
} from './record.js';

/**
 * A frame: the accepted entries of one batch, one value of the journal. Its bytes are described in
 * docs/journal-format.md; this is the only file that knows them.
 *
 *  0 u32 magic              16 f64 number of the frame      40 32 bytes: SHA-256 of the frame before
 *  4 u32 CRC-32 of [8, end) 24 f64 first entry's sequence   72 u32 partition, 76 reserved
 *  8 u32 length             32 f64 time, ms since 1970      80 entries
 * 12 u32 entries
 *
 * An entry:
 *  0 u32 length                 16 u32 frame of the user's entry before, low 32 bits
 *  4 u32 version after          20 u32 its high 8 bits << 24 | its place in units of 8 bytes << 8
 *  8 f64 balance after          24 u8 postings, 25 u8 mark, 26 u8 standing, 27 u8 accounts[5]
 *                               32 f64 amounts of the postings, then the command's record
 */
const MAGIC = 0x314a5250; // "PRJ1"
const FRAME = {
  crc: 4,
  length: 8,
  entries: 12,
  number: 16,
  sequence: 24,
  time: 32,
  previous: 40,
  partition: 72,
  header: 80,
} as const;
const ENTRY = {
  version: 4,
  balance: 8,
  previous: 16,
  postings: 24,
  mark: 25,
  standing: 26,
  accounts: 27,
  amounts: 32,
} as const;

/** What an account is after an entry, as bits. */
export const STANDING = { disabled: 1, tombstones: 2, limits: 4 } as const;

const HASH_BYTES = 32;
for (const [code, name] of fixedAccounts.entries()) assert.equal(accountCodes[name], code);
const marks: readonly Mark[] = ['none', 'settle', 'roll back', 'tombstone'];
/** What an entry takes beside its record, at most. */
export const ENTRY_OVERHEAD_BYTES: number = ENTRY.amounts + 8 * limits.entry_postings;

export interface FrameHeader {
  readonly number: number;
  readonly entries: number;
  readonly sequence: number;
  readonly time: number;
  readonly partition: number;
  readonly previous: Buffer;
  readonly length: number;
}

/** What an entry says beside its command's record. */
export interface EntryHead {
  readonly version: number;
  readonly balance: number;
  readonly previousFrame: number;
  readonly previousAt: number;
  readonly mark: Mark;
  /** Bits of `STANDING`. */
  readonly standing: number;
  readonly postings: readonly Posting[];
}

/** Builds one frame; the memory is used again for the next one. */
export class FrameWriter {
  bytes: Bytes;
  number = 0;
  #end: number = FRAME.header;
  #entries = 0;

  constructor() {
    this.bytes = allocateBytes(FRAME.header + limits.batch_full_bytes);
  }

  /** Begins a frame with room for `capacity` bytes of entries. */
  begin(number: number, time: number, capacity: number): void {
    const needed = FRAME.header + capacity;
    if (needed > this.bytes.u8.length) this.bytes = allocateBytes(needed);
    this.number = number;
    this.bytes.f64[FRAME.time >> 3] = time;
    this.#end = FRAME.header;
    this.#entries = 0;
  }

  get entries(): number {
    return this.#entries;
  }

  /** Whether an entry of this many bytes may come next. */
  hasRoom(bytes: number): boolean {
    return this.#end + bytes <= this.bytes.u8.length && this.#end <= limits.frame_full_bytes;
  }

  /**
   * Appends an entry with a copy of its command's record, and with the changes that a request made;
   * returns its place in the frame.
   */
  append(head: EntryHead, source: Bytes, start: number, changes?: Uint8Array): number {
    const at = this.#end;
    const { u8, u32, f64 } = this.bytes;
    const record = at + ENTRY.amounts + 8 * head.postings.length;
    const length = recordLength(source, start);
    u32[(at + ENTRY.version) >> 2] = head.version;
    f64[(at + ENTRY.balance) >> 3] = head.balance;
    writePlace(u32, at + ENTRY.previous, head.previousFrame, head.previousAt);
    u8[at + ENTRY.postings] = head.postings.length;
    u8[at + ENTRY.mark] = marks.indexOf(head.mark);
    u8[at + ENTRY.standing] = head.standing;
    for (let i = 0; i < head.postings.length; i++) {
      const posting = head.postings[i] as Posting;
      u8[at + ENTRY.accounts + i] = codeOf(posting.account);
      f64[((at + ENTRY.amounts) >> 3) + i] = posting.amount;
    }
    copyWords(source, start, this.bytes, record, length);
    this.#end = record + length;
    if (changes !== undefined) {
      this.#end = appendDetail(this.bytes, record, DETAILS.changes, changes);
    }
    u32[at >> 2] = this.#end - at;
    this.#entries += 1;
    return at;
  }

  /** Writes the header and returns the frame's bytes, which the next `begin` may change. */
  seal(sequence: number, previous: Buffer, partition: number): Buffer {
    const { u8, u32, f64 } = this.bytes;
    const length = this.#end;
    u32[0] = MAGIC;
    u32[FRAME.length >> 2] = length;
    u32[FRAME.entries >> 2] = this.#entries;
    f64[FRAME.number >> 3] = this.number;
    f64[FRAME.sequence >> 3] = sequence;
    u8.set(previous, FRAME.previous);
    u32[FRAME.partition >> 2] = partition;
    const sealed = Buffer.from(u8.buffer as ArrayBuffer, u8.byteOffset, length);
    u32[FRAME.crc >> 2] = crc32(sealed.subarray(FRAME.length));
    return sealed;
  }
}

/** What an entry takes in a frame, at most. */
export function entryBytes(source: Bytes, start: number, changes?: Uint8Array): number {
  const extra = changes === undefined ? 0 : detailBytes(changes);
  return ENTRY_OVERHEAD_BYTES + recordLength(source, start) + extra;
}

function codeOf(account: AccountName): number {
  return accountCodes[account as FixedAccount] ?? CLEARING_CODE;
}

/** Copies a stretch whose ends are multiples of 8. */
function copyWords(from: Bytes, start: number, to: Bytes, at: number, length: number): void {
  const source = start >> 3;
  const target = at >> 3;
  const words = length >> 3;
  // Doubles would lose the payload of some NaNs: copy 32-bit words.
  const [i, j, n] = [source * 2, target * 2, words * 2];
  if (n > 128) to.u32.set(from.u32.subarray(i, i + n), j);
  else for (let k = 0; k < n; k++) to.u32[j + k] = from.u32[i + k] as number;
}

function writePlace(u32: Uint32Array, at: number, frame: number, place: number): void {
  u32[at >> 2] = frame % 4294967296;
  u32[(at >> 2) + 1] =
    ((Math.floor(frame / 4294967296) << 24) | ((place / limits.entry_alignment_bytes) << 8)) >>> 0;
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
  const rest = u32[(at + ENTRY.previous + 4) >> 2] as number;
  return {
    version: u32[(at + ENTRY.version) >> 2] as number,
    balance: f64[(at + ENTRY.balance) >> 3] as number,
    previousFrame: (rest >>> 24) * 4294967296 + (u32[(at + ENTRY.previous) >> 2] as number),
    previousAt: ((rest >>> 8) & 0xffff) * limits.entry_alignment_bytes,
    mark,
    standing: u8[at + ENTRY.standing] as number,
    postings,
  };
}
