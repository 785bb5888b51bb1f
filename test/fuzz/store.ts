import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { open, type RootDatabase } from 'lmdb';

/** The two stores of a partition. */
export type StoreName = 'journal' | 'checkpoint';

export interface Value {
  readonly key: Buffer;
  readonly bytes: Buffer;
}

function environment(
  data: string,
  partition: number,
  name: StoreName,
): RootDatabase<Buffer, Buffer> {
  return open<Buffer, Buffer>({
    path: join(data, `partition-${partition}`, name),
    noSubdir: false,
    keyEncoding: 'binary',
    encoding: 'binary',
  });
}

/** Everything in a store, in the order of its keys. */
export async function readStore(
  data: string,
  partition: number,
  name: StoreName,
): Promise<Value[]> {
  const db = environment(data, partition, name);
  const values = [...db.getKeys()].map((key) => {
    return { key: Buffer.from(key), bytes: Buffer.from(db.getBinary(key) ?? []) };
  });
  await db.close();
  return values;
}

/** Puts other bytes under some keys. */
export async function writeStore(
  data: string,
  partition: number,
  name: StoreName,
  values: readonly Value[],
): Promise<void> {
  const db = environment(data, partition, name);
  await db.batch(() => {
    for (const { key, bytes } of values) db.put(key, bytes);
  });
  await db.flushed;
  await db.close();
}

/** Where a frame's header has what a forger must make fit (docs/journal-format.md). */
const FRAME = { crc: 4, length: 8, previous: 40, header: 80 };

/** A frame whose length and checksum are those of its bytes. */
export function sealed(frame: Buffer): Buffer {
  if (frame.length < FRAME.header) return frame;
  const copy = Buffer.from(frame);
  copy.writeUInt32LE(copy.length, FRAME.length);
  copy.writeUInt32LE(crc32(copy.subarray(FRAME.length)), FRAME.crc);
  return copy;
}

/** The frames behind a forged one, each with the hash of the one before it. */
export function chained(forged: Buffer, behind: readonly Value[]): Value[] {
  let before = forged;
  return behind.map(({ key, bytes }) => {
    const frame = Buffer.from(bytes);
    createHash('sha256').update(before).digest().copy(frame, FRAME.previous);
    before = sealed(frame);
    return { key, bytes: before };
  });
}
