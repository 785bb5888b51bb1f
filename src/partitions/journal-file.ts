import { statSync } from 'node:fs';
import { join } from 'node:path';
import { limits } from '../limits.js';
import { freeBytes, journalRoom, syncDataFile } from './data-file.js';
import { type Environment, openEnvironment } from './environment.js';
import { mayWriteHere } from './whole-writes.js';

/** Frames of one partition on a disk, under growing numbers. */
export interface JournalFile {
  /** The number of the last frame that `open` found; 0 when there was none. */
  readonly last: number;
  /**
   * Stores all of the frames or none, and resolves when they are durable. Resolves to false,
   * with nothing stored, when a number is not above every stored one. Rejects when the disk fails:
   * what is stored then is unknown. One commit at a time.
   */
  commit(frames: readonly NumberedFrame[]): Promise<boolean>;
  /** The stored bytes; good until the next call. */
  read(number: number): Uint8Array | undefined;
  /**
   * Whether the map and the file system have room for more, and for so many bytes beside the
   * journal: a full one can end the process. Once a second it also gives back what processes that
   * ended while they read have held.
   */
  hasRoom(beside_bytes?: number): boolean;
  close(): Promise<void>;
}

export interface NumberedFrame {
  readonly number: number;
  readonly frame: Buffer;
}

export interface JournalOptions {
  readonly durability: 'disk' | 'process';
  readonly readOnly?: boolean;
  /** As `whole-writes.ts` says. */
  readonly writes?: SharedArrayBuffer | undefined;
}

export function journalDirectory(partitionDirectory: string): string {
  return join(partitionDirectory, 'journal');
}

/** What it finds is durable when this returns: a killed process may have left it in memory alone. */
export function openJournalFile(directory: string, options: JournalOptions): JournalFile {
  const db = openEnvironment(directory, { ...options, mapSize: limits.journal_map_bytes });
  // Waits for a writer that a dead thread of this process may have left at work.
  if (!options.readOnly) db.transactionSync(() => {});
  if (options.durability === 'disk' && !options.readOnly) syncDataFile(directory);
  return new LmdbFile(db, directory, lastNumber(db), mayWriteHere(options.writes));
}

function keyOf(number: number): Buffer {
  const key = Buffer.alloc(8);
  key.writeUInt32BE(Math.floor(number / 4294967296), 0);
  key.writeUInt32BE(number % 4294967296, 4);
  return key;
}

function lastNumber(db: Environment): number {
  for (const key of db.getKeys({ reverse: true, limit: 1 })) return Number(key.readBigUInt64BE(0));
  return 0;
}

/** Options of a put, which lmdb's declarations lack: at the end, and never over another value. */
const ONCE = { append: true, noOverwrite: true } as unknown as number;

class LmdbFile implements JournalFile {
  readonly #db: Environment;
  readonly #directory: string;
  readonly #mayCommitHere: boolean;
  readonly last: number;
  #checked_ms = Number.NEGATIVE_INFINITY;
  #room_bytes = 0;

  constructor(db: Environment, directory: string, last: number, mayCommitHere: boolean) {
    this.#db = db;
    this.#directory = directory;
    this.#mayCommitHere = mayCommitHere;
    this.last = last;
  }

  async commit(frames: readonly NumberedFrame[]): Promise<boolean> {
    const [first] = frames;
    const isAlone = frames.length === 1 && first !== undefined && this.#mayCommitHere;
    if (isAlone && first.frame.length <= limits.frame_small_bytes) return this.#commitHere(first);
    const puts: Promise<boolean>[] = [];
    const put = (): void => {
      for (const { number, frame } of frames) puts.push(this.#db.put(keyOf(number), frame, ONCE));
    };
    if (frames.length === 1) put();
    else puts.push(this.#db.batch(put));
    return (await Promise.all(puts)).every((stored) => stored);
  }

  /**
   * On this thread, which waits for the disk: the way to LMDB's own and back takes longer than what
   * it could do meanwhile, for behind a small frame there is hardly another (decision 010).
   */
  #commitHere({ number, frame }: NumberedFrame): boolean {
    // It says whether it stored it, which lmdb's declarations lack.
    const stored: unknown = this.#db.putSync(keyOf(number), frame, ONCE);
    return stored === true;
  }

  read(number: number): Uint8Array | undefined {
    const shared = this.#db.getBinaryFast(keyOf(number));
    if (shared === undefined) return undefined;
    // The buffer is larger than the value; only its redefined `length` tells the value's end.
    return new Uint8Array(shared.buffer, shared.byteOffset, shared.length);
  }

  hasRoom(beside_bytes = 0): boolean {
    const now_ms = performance.now();
    const isDue = now_ms - this.#checked_ms >= limits.disk_check_interval_ms;
    if (isDue || this.#room_bytes < beside_bytes) {
      // A reader that was killed leaves its mark: no page that was freed since would be used again.
      this.#db.readerCheck();
      const { size } = statSync(join(this.#directory, 'data.mdb'));
      this.#room_bytes = journalRoom(size, freeBytes(this.#directory));
      this.#checked_ms = now_ms;
    }
    return this.#room_bytes >= beside_bytes;
  }

  async close(): Promise<void> {
    await this.#db.close();
  }
}
