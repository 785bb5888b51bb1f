import assert from 'node:assert/strict';
import { limits } from '../limits.js';

const TWO_32 = 4294967296;

/**
 * Where an entry is, as two words: the low 32 bits of the frame's number; and its high 8 bits, 16 bits
 * of the place there in units of 8 bytes, and 8 bits that are free for whoever keeps it.
 */
export function lowWord(frame: number): number {
  return frame % TWO_32;
}

export function highWord(frame: number, at: number): number {
  const unit = at / limits.entry_alignment_bytes;
  assert.ok(unit <= 0xffff && frame < 2 ** 40);
  return ((Math.floor(frame / TWO_32) << 24) | (unit << 8)) >>> 0;
}

export function frameIn(low: number, high: number): number {
  return (high >>> 24) * TWO_32 + low;
}

export function placeIn(high: number): number {
  return ((high >>> 8) & 0xffff) * limits.entry_alignment_bytes;
}
