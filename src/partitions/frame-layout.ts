import type { Mark, Posting } from '../ledger/vocabulary.js';

/**
 * A frame: the accepted entries of one batch, one value of the journal. Its bytes are described in
 * docs/journal-format.md; only this file, frame.ts and frame-writer.ts know them.
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
export const MAGIC = 0x314a5250; // "PRJ1"
export const FRAME = {
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
export const ENTRY = {
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

/** By their numbers in an entry. */
export const marks: readonly Mark[] = ['none', 'settle', 'roll back', 'tombstone'];
export const codesOfMarks: ReadonlyMap<Mark, number> = new Map(
  marks.map((mark, code) => [mark, code]),
);
