import assert from 'node:assert/strict';
import { closeSync, fsyncSync, openSync, statfsSync } from 'node:fs';
import { join } from 'node:path';
import { open, type RootDatabase } from 'lmdb';
import { limits } from '../limits.js';

/**
 * The journal of one partition: frames under ever-growing numbers in one LMDB environment.
 *
 * J1 One commit is in flight. Frames that come meanwhile wait, and share the next commit.
 * J2 A frame is durable when `append` resolves: LMDB has synced its pages and its meta page.
 * J3 A number is used once: an append at or below the last number fails (fencing).
 * J4 After a failure nothing more is appended: memory may be ahead of the disk.
 * J5 What `open` finds is synced before it is answered from: a killed process may have left it in
 *    the page cache alone.
 */
export interface Journal {
  /** The last frame's number; 0 when there is none. */
  readonly last: number;
  append(number: number, frame: Buffer): Promise<void>;
  /** Resolves when every frame appended so far is durable. */
  durable(): Promise<void>;
  /** The stored bytes; good until the next call. */
  read(number: number): Uint8Array | undefined;
  /** Whether the file system has room for more (traps: a full disk can end the process). */
  hasRoom(): boolean;
  close(): Promise<void>;
}

export interface JournalOptions {
  readonly durability: 'disk' | 'process';
  readonly readOnly?: boolean;
}

export function journalDirectory(partitionDirectory: string): string {
  return join(partitionDirectory, 'journal');
}

export function openJournal(directory: string, options: JournalOptions): Journal {
  const db = openEnvironment(directory, options);
  // Waits for a writer that a dead thread of this process may have left at work.
  if (!options.readOnly) db.transactionSync(() => {});
  if (options.durability === 'disk' && !options.readOnly) syncFiles(directory);
  return new LmdbJournal(db, directory, lastNumber(db));
}

function openEnvironment(directory: string, options: JournalOptions): RootDatabase<Buffer, Buffer> {
  return open<Buffer, Buffer>({
    path: directory,
    noSubdir: false,
    keyEncoding: 'binary',
    encoding: 'binary',
    // With overlapping commits a power cut can leave a file that does not open.
    overlappingSync: false,
    noSync: options.durability === 'process',
    mapSize: limits.journal_map_bytes,
    readOnly: options.readOnly ?? false,
    compression: false,
    cache: false,
  });
}

function syncFiles(directory: string): void {
  for (const path of [join(directory, 'data.mdb'), directory, join(directory, '..')]) {
    const file = openSync(path, 'r');
    fsyncSync(file);
    closeSync(file);
  }
}

function keyOf(number: number): Buffer {
  const key = Buffer.alloc(8);
  key.writeUInt32BE(Math.floor(number / 4294967296), 0);
  key.writeUInt32BE(number % 4294967296, 4);
  return key;
}

function lastNumber(db: RootDatabase<Buffer, Buffer>): number {
  for (const key of db.getKeys({ reverse: true, limit: 1 })) return Number(key.readBigUInt64BE(0));
  return 0;
}

/** Options of a put, which lmdb's declarations lack: at the end, and never over another value. */
const ONCE = { append: true, noOverwrite: true } as unknown as number;

interface Waiting {
  readonly number: number;
  readonly frame: Buffer;
}

class LmdbJournal implements Journal {
  readonly #db: RootDatabase<Buffer, Buffer>;
  readonly #directory: string;
  #last: number;
  readonly #waiting: Waiting[] = [];
  /** The commit in flight, or the last one; the one that follows it, when frames wait. */
  #current: Promise<void> = Promise.resolve();
  #next: Promise<void> | undefined;
  #checked = 0;
  #room = true;

  constructor(db: RootDatabase<Buffer, Buffer>, directory: string, last: number) {
    this.#db = db;
    this.#directory = directory;
    this.#last = last;
  }

  get last(): number {
    return this.#last;
  }

  append(number: number, frame: Buffer): Promise<void> {
    assert.equal(number, this.#last + 1, 'frames have no gaps');
    this.#last = number;
    this.#waiting.push({ number, frame });
    this.#next ??= this.#commitNext();
    return this.#next;
  }

  durable(): Promise<void> {
    return this.#next ?? this.#current;
  }

  /** J1 and J4: begins when the commit in flight has ended, and never after one that failed. */
  async #commitNext(): Promise<void> {
    await this.#current;
    const frames = this.#waiting.splice(0);
    this.#next = undefined;
    this.#current = this.#commit(frames);
    return this.#current;
  }

  async #commit(frames: readonly Waiting[]): Promise<void> {
    const puts: Promise<boolean>[] = [];
    const put = (): void => {
      for (const { number, frame } of frames) puts.push(this.#db.put(keyOf(number), frame, ONCE));
    };
    if (frames.length === 1) put();
    else puts.push(this.#db.batch(put));
    if (!(await Promise.all(puts)).every((stored) => stored)) {
      throw new Error(`frame ${frames[0]?.number} is in the journal already: a second writer?`);
    }
  }

  read(number: number): Uint8Array | undefined {
    const shared = this.#db.getBinaryFast(keyOf(number));
    if (shared === undefined) return undefined;
    // The buffer is larger than the value; only its redefined `length` tells the value's end.
    return new Uint8Array(shared.buffer, shared.byteOffset, shared.length);
  }

  hasRoom(): boolean {
    const now = Date.now();
    if (now - this.#checked >= limits.disk_check_interval_ms || !this.#room) {
      const { bavail, bsize } = statfsSync(this.#directory);
      this.#room = bavail * bsize >= limits.disk_reserve_bytes;
      this.#checked = now;
    }
    return this.#room;
  }

  async close(): Promise<void> {
    await this.durable().catch(() => {});
    await this.#db.close();
  }
}
