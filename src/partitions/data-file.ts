import { closeSync, fstatSync, fsyncSync, openSync, readSync, statfsSync } from 'node:fs';
import { stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { limits } from '../limits.js';
import { refuseUnreadable } from './unreadable.js';

/** Where LMDB keeps what this checks, in each of its two meta pages. */
const META = { magic: 24, version: 28, pageSize: 48, lastPage: 144, transaction: 152, end: 160 };
const MAGIC = 0xbeefc0de;
const VERSION = 2;
const PAGE_BYTES = 4096;

/**
 * What is wrong with an LMDB file as far as its size and meta pages tell; undefined when nothing
 * is. LMDB itself maps the file unseen: a truncated one would end the process when it is touched,
 * and a missing or empty one would open as a new, empty database. Throws Unreadable.
 */
export function faultOfDataFile(directory: string): string | undefined {
  const path = join(directory, 'data.mdb');
  const file = openToRead(path);
  if (file === undefined) return `${path} is missing`;
  try {
    const least = fstatSync(file).size;
    if (least < 2 * PAGE_BYTES) return `${path} has only ${least} bytes`;
    const metas = [0, 1].map((page) => readMeta(file, page * PAGE_BYTES));
    if (metas.includes(undefined)) return `${path} has a damaged meta page`;
    const [a, b] = metas as [Meta, Meta];
    const last = a.transaction > b.transaction ? a : b;
    const needed = (last.lastPage + 1) * last.pageSize;
    // After the metas: of a file that is being served, a commit may have made it longer meanwhile.
    const { size } = fstatSync(file);
    return size < needed ? `${path} has ${size} bytes of ${needed}: it is truncated` : undefined;
  } finally {
    closeSync(file);
  }
}

/** Whether there is one. Throws Unreadable where that cannot be known. */
export function hasDataFile(directory: string): boolean {
  const file = openToRead(join(directory, 'data.mdb'));
  if (file !== undefined) closeSync(file);
  return file !== undefined;
}

function openToRead(path: string): number | undefined {
  try {
    return openSync(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    refuseUnreadable(path, error);
    throw error;
  }
}

/** Makes the file and its names durable, as another process may have left them in memory alone. */
export function syncDataFile(directory: string): void {
  for (const path of [join(directory, 'data.mdb'), directory, join(directory, '..')])
    syncPath(path);
}

/** Makes a file, or the names in a directory, durable. */
export function syncPath(path: string): void {
  const file = openSync(path, 'r');
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** What the file system of a path has for more. */
export function freeBytes(path: string): number {
  const { bavail, bsize } = statfsSync(path);
  return bavail * bsize;
}

/**
 * By how many bytes a journal of this size may grow where so many are free, less what is kept in
 * reserve of its map and of the file system. Below zero nothing is written.
 */
export function journalRoom(size: number, free: number): number {
  const unmapped = limits.journal_map_bytes - limits.map_reserve_bytes - size;
  return Math.min(unmapped, free - limits.disk_reserve_bytes);
}

/** The same of a journal's directory; who asks waits for the file system, but not its thread. */
export async function askJournalRoom(directory: string): Promise<number> {
  const { size } = await stat(join(directory, 'data.mdb'));
  const { bavail, bsize } = await statfs(directory);
  return journalRoom(size, bavail * bsize);
}

interface Meta {
  readonly pageSize: number;
  readonly lastPage: number;
  readonly transaction: number;
}

function readMeta(file: number, at: number): Meta | undefined {
  const page = Buffer.alloc(META.end);
  if (readSync(file, page, 0, META.end, at) !== META.end) return undefined;
  if (page.readUInt32LE(META.magic) !== MAGIC) return undefined;
  if (page.readUInt32LE(META.version) !== VERSION) return undefined;
  return {
    pageSize: page.readUInt32LE(META.pageSize),
    lastPage: Number(page.readBigUInt64LE(META.lastPage)),
    transaction: Number(page.readBigUInt64LE(META.transaction)),
  };
}
