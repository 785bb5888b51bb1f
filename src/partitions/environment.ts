import { accessSync, constants, existsSync, linkSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { open, type RootDatabase, type RootDatabaseOptionsWithPath } from 'lmdb';
import { isFullDisk } from './fault.js';
import { beginWrite, endWrite } from './whole-writes.js';

export type Environment = RootDatabase<Buffer, Buffer>;

interface EnvironmentOptions {
  readonly durability: 'disk' | 'process';
  readonly readOnly?: boolean | undefined;
  readonly mapSize: number;
  /** With it, an exit of the process does not cut a write of this thread (`whole-writes.ts`). */
  readonly writes?: SharedArrayBuffer | undefined;
}

/** Opens an LMDB environment, in the one way in which its promises hold. */
export function openEnvironment(directory: string, options: EnvironmentOptions): Environment {
  const { durability, readOnly = false, mapSize, writes } = options;
  makeLockFile(directory);
  if (!readOnly) demandWritable(directory);
  const settings: RootDatabaseOptionsWithPath & { readonly batchStartThreshold: number } = {
    path: directory,
    noSubdir: false,
    keyEncoding: 'binary',
    encoding: 'binary',
    // With overlapping commits a power cut can leave a file that does not open.
    overlappingSync: false,
    // It begins with writes only when it has all of them. Otherwise it waits for the rest of a
    // batch, with its lock and its pool thread, and for ever when the thread ends before that.
    batchStartThreshold: Number.POSITIVE_INFINITY,
    noSync: durability === 'process',
    mapSize,
    readOnly,
    compression: false,
    cache: false,
  };
  const db = open<Buffer, Buffer>(settings);
  if (writes !== undefined) keepWhole(db, new Int32Array(writes));
  return db;
}

function keepWhole(db: Environment, writes: Int32Array): void {
  const { transactionSync, put, remove, batch } = db;
  // `putSync` goes through it too.
  db.transactionSync = (action, flags) => {
    beginWrite(writes);
    try {
      return transactionSync.call(db, action, flags) as never;
    } finally {
      endWrite(writes);
    }
  };
  const whole = <Args extends unknown[]>(write: (...args: Args) => Promise<boolean>) => {
    return (...args: Args): Promise<boolean> => {
      beginWrite(writes);
      const written = write.apply(db, args);
      const end = (): void => endWrite(writes);
      written.then(end, end);
      return written;
    };
  };
  db.put = whole(put as never) as never;
  db.remove = whole(remove as never) as never;
  db.batch = whole(batch as never) as never;
}

/** As long as LMDB makes it. */
const LOCK_BYTES = 8_272;

/**
 * LMDB maps its lock file before there is room for it: on a full disk that ends the process. So it
 * finds one here, which another process can only see whole. Throws when the disk is full.
 */
function makeLockFile(directory: string): void {
  const path = join(directory, 'lock.mdb');
  if (existsSync(path)) return;
  const made = `${path}.${process.pid}`;
  try {
    writeFileSync(made, Buffer.alloc(LOCK_BYTES));
    linkSync(made, path);
  } catch (error) {
    // Where no file can be made, or another process was faster, LMDB says the rest.
    if (isFullDisk(error)) throw error;
  } finally {
    rmSync(made, { force: true });
  }
}

/** Where LMDB may not write to its lock file, as after a look by another user, it ends the process. */
function demandWritable(directory: string): void {
  // LMDB makes it.
  if (!existsSync(directory)) return;
  for (const path of ['lock.mdb', 'data.mdb'].map((file) => join(directory, file))) {
    accessSync(existsSync(path) ? path : directory, constants.R_OK | constants.W_OK);
  }
}
