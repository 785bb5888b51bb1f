import { crc32 } from 'node:zlib';
import {
  type AccountName,
  CLEARING_CODE,
  fixedAccounts,
  type Posting,
} from '../ledger/vocabulary.js';
import { limits } from '../limits.js';
import { allocateBytes, type Bytes } from './bytes.js';
import { codesOfMarks, ENTRY, type EntryHead, FRAME, MAGIC } from './frame-layout.js';
import { highWord, lowWord } from './place.js';
import { appendDetail, DETAILS, detailBytes, recordLength } from './record.js';

/** What an entry takes beside its record, at most. */
export const ENTRY_OVERHEAD_BYTES: number = ENTRY.amounts + 8 * limits.entry_postings;

/** What a request changed, or a transaction's day. */
export interface AddedDetail {
  readonly detail: 'changes' | 'day';
  readonly value: Uint8Array;
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
   * Appends an entry with a copy of its command's record, and with what the partition adds to it;
   * returns its place in the frame.
   */
  append(head: EntryHead, source: Bytes, start: number, added?: AddedDetail): number {
    const at = this.#end;
    const { u8, u32, f64 } = this.bytes;
    const record = at + ENTRY.amounts + 8 * head.postings.length;
    const length = recordLength(source, start);
    u32[(at + ENTRY.version) >> 2] = head.version;
    f64[(at + ENTRY.balance) >> 3] = head.balance;
    u32[(at + ENTRY.previous) >> 2] = lowWord(head.previousFrame);
    u32[(at + ENTRY.previous + 4) >> 2] = highWord(head.previousFrame, head.previousAt);
    u8[at + ENTRY.postings] = head.postings.length;
    u8[at + ENTRY.mark] = codesOfMarks.get(head.mark) as number;
    u8[at + ENTRY.standing] = head.standing;
    for (let i = 0; i < head.postings.length; i++) {
      const posting = head.postings[i] as Posting;
      u8[at + ENTRY.accounts + i] = codeOf(posting.account);
      f64[((at + ENTRY.amounts) >> 3) + i] = posting.amount;
    }
    copyWords(source, start, this.bytes, record, length);
    this.#end = record + length;
    if (added !== undefined) {
      this.#end = appendDetail(this.bytes, record, DETAILS[added.detail], added.value);
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
export function entryBytes(source: Bytes, start: number, added?: AddedDetail): number {
  const extra = added === undefined ? 0 : detailBytes(added.value);
  return ENTRY_OVERHEAD_BYTES + recordLength(source, start) + extra;
}

const codes: ReadonlyMap<AccountName, number> = new Map(
  fixedAccounts.map((name, code) => [name, code]),
);

function codeOf(account: AccountName): number {
  return codes.get(account) ?? CLEARING_CODE;
}

/** Copies a stretch whose ends are multiples of 8. */
function copyWords(from: Bytes, start: number, to: Bytes, at: number, length: number): void {
  // Doubles would lose the payload of some NaNs.
  const i = start >> 2;
  const j = at >> 2;
  const n = length >> 2;
  if (n > 128) to.u32.set(from.u32.subarray(i, i + n), j);
  else for (let k = 0; k < n; k++) to.u32[j + k] = from.u32[i + k] as number;
}
