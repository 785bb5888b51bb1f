import assert from 'node:assert/strict';
import { CODES } from './packed-codes.js';
import { shapes } from './shapes.js';
import { ValueReader } from './value-reader.js';
import { ValueWriter } from './value-writer.js';

/**
 * Values as bytes: MessagePack for null, booleans, numbers, texts, bytes, lists and objects, with
 * one addition: a byte from 0x40 on is an object of a known shape (`shapes.ts`), and the values of
 * its members follow without their names. Members that are undefined are left out. One value has one
 * form, so that requests can be compared as bytes.
 *
 * Values are written to where they are needed and read from where they are: a buffer for each cost
 * more than its packing, most of it in the collection of garbage.
 */
const writer = new ValueWriter();
const reader = new ValueReader();
let scratch = Buffer.allocUnsafeSlow(4096);

assert.ok(shapes.length <= CODES.fix_map - CODES.shape, 'a byte says which shape it is');

/**
 * Packs a value at `at` and returns where it ends. What would reach beyond the end of `u8` is not
 * there: then the returned end says how much room it needs.
 */
export function packInto(u8: Uint8Array, at: number, value: unknown): number {
  return writer.write(u8, at, value);
}

/** Packs what stands in the details of a record, in a document, or in the answer to a request. */
export function pack(value: unknown): Buffer {
  const end = packInto(scratch, 0, value);
  if (end <= scratch.length) return Buffer.from(scratch.subarray(0, end));
  scratch = Buffer.allocUnsafeSlow(end * 2);
  return pack(value);
}

/** The value that is packed at `at`. */
export function unpackAt(bytes: Buffer, at: number): unknown {
  return reader.read(bytes, at);
}

/** Where the text ends that is packed at `at`. Throws when it is none. */
export function textEnd(bytes: Buffer, at: number): number {
  return reader.textEnd(bytes, at);
}

/** Whether it is null that is packed at `at`. */
export function isNull(bytes: Buffer, at: number): boolean {
  return bytes[at] === CODES.null;
}

/** Where the value ends that `unpackAt` gave last. */
export function unpackedEnd(): number {
  return reader.at;
}

/** What `pack` packed. */
export function unpack(value: Buffer | undefined): unknown {
  return value === undefined ? undefined : unpackAt(value, 0);
}
