import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { expect } from 'vitest';
import { faultOf } from './fault-of.js';

/** Places in a frame (docs/journal-format.md). */
export const HEADER = { crc: 4, number: 16, sequence: 24, time: 32, previous: 40, partition: 72 };

export function journalOf(dataDir: string): string {
  return join(dataDir, 'partition-0', 'journal', 'data.mdb');
}

/** Where each frame is in the file, in all the copies that LMDB has left of it. */
export function placesOf(file: Buffer): Map<number, number[]> {
  const places = new Map<number, number[]>();
  for (let at = file.indexOf('PRJ1'); at >= 0; at = file.indexOf('PRJ1', at + 1)) {
    const frame = file.subarray(at, at + file.readUInt32LE(at + 8));
    if (crc32(frame.subarray(8)) !== frame.readUInt32LE(HEADER.crc)) continue;
    const number = frame.readDoubleLE(HEADER.number);
    places.set(number, [...(places.get(number) ?? []), at]);
  }
  return places;
}

export type Change = (frame: Buffer, others: (number: number) => Buffer) => void;

/** Changes a frame and its checksum, and with `chained` the hashes of all frames behind it. */
export function forge(directory: string, number: number, change: Change, chained: boolean): void {
  const path = journalOf(directory);
  const file = readFileSync(path);
  const places = placesOf(file);
  const frameAt = (at: number): Buffer => file.subarray(at, at + file.readUInt32LE(at + 8));
  const first = (other: number): Buffer => frameAt(places.get(other)?.[0] ?? Number.NaN);
  const rewrite = (other: number, edit: Change): void => {
    for (const at of places.get(other) ?? []) {
      const frame = frameAt(at);
      edit(frame, first);
      frame.writeUInt32LE(crc32(frame.subarray(8)), HEADER.crc);
    }
  };
  rewrite(number, change);
  for (let next = number + 1; chained && places.has(next); next++) {
    const hash = createHash('sha256')
      .update(first(next - 1))
      .digest();
    rewrite(next, (frame) => hash.copy(frame, HEADER.previous));
  }
  writeFileSync(path, file);
}

/** What a walk tells of a directory that must have a fault. */
export async function faultFound(dataDir: string): Promise<string> {
  const fault = await faultOf(dataDir);
  expect(fault).toBeDefined();
  return fault ?? '';
}

export function add(at: number, amount: number): Change {
  return (frame) => frame.writeDoubleLE(frame.readDoubleLE(at) + amount, at);
}

export function put(at: number, value: number): Change {
  return (frame) => frame.writeUInt8(value, at);
}

/** Takes 16 bytes over from another frame. */
export function borrow(at: number, number: number, from: number): Change {
  return (frame, others) => others(number).copy(frame, at, from, from + 16);
}

export function each(...changes: readonly Change[]): Change {
  return (frame, others) => {
    for (const change of changes) change(frame, others);
  };
}
