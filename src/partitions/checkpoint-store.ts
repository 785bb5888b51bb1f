import assert from 'node:assert/strict';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { Packr } from 'msgpackr';
import type { BookValues } from '../ledger/apply.js';
import type { AccountName } from '../ledger/vocabulary.js';
import { limits } from '../limits.js';
import { syncDataFile } from './data-file.js';
import { type Environment, openEnvironment } from './environment.js';

/**
 * Where a partition stood after one frame. The journal alone is the truth: a checkpoint that is
 * missing costs the time to replay, nothing else.
 */
export interface Checkpoint {
  readonly frame: number;
  /** The next entry's sequence number. */
  readonly sequence: number;
  readonly time: number;
  /** SHA-256 of that frame. */
  readonly hash: Buffer;
  /** What the indexes' fingerprints were made with; checkpoints of earlier builds do not say it. */
  readonly seed?: Uint8Array;
  readonly books: BookValues;
  readonly transactions: number;
  /** How many runs of the transaction index there are, and how many parts of the actor index. */
  readonly runs: number;
  readonly parts: number;
}

export interface CheckpointStore {
  read(): Checkpoint | undefined;
  readRun(run: number): Uint32Array;
  readPart(part: number): Uint32Array;
  /** The bytes of a document as they were given to be written; undefined when there is none. */
  readDocument(owner: string, id: string): unknown;
  /** Ids of documents that begin with `prefix`, descending, from below `before` on. */
  listIds(owner: string, prefix: string, before?: string): Iterable<string>;
  /** Writes documents, all or none of them; null removes one. Resolves when they are durable. */
  writeDocuments(documents: readonly StoredDocument[]): Promise<void>;
  /** The same on this thread, which waits for it: for a replay, when nobody is served. */
  writeDocumentsNow(documents: readonly StoredDocument[]): void;
  /** Writes all of it or nothing, and resolves when it is durable. */
  write(checkpoint: Checkpoint, changes: CheckpointChanges): Promise<void>;
  /** Throws a CheckpointFault unless every value, each document included, is as it was written. */
  check(): void;
  /** From now on there is no checkpoint: the next start replays the journal from its beginning. */
  forget(): Promise<void>;
  close(): Promise<void>;
}

export interface CheckpointChanges {
  readonly runs: ReadonlyMap<number, Uint32Array>;
  readonly parts: readonly Uint32Array[];
  readonly documents: readonly StoredDocument[];
}

/** A document's packed value; null: it is no more. */
export type StoredDocument = readonly [owner: string, id: string, value: Buffer | null];

/** A checkpoint whose bytes are not what was written. */
export class CheckpointFault extends Error {}

/** Under another seed no id of it would be found: then it is of no use, and the journal is. */
export function checkSeed({ seed }: Checkpoint, expected: Uint8Array): void {
  if (seed === undefined || Buffer.compare(seed, expected) === 0) return;
  throw new CheckpointFault('the checkpoint was taken with another seed than the manifest has');
}

const FORMAT = 5;
const CRC_BYTES = 4;
const packr = new Packr({ useRecords: false, int64AsType: 'bigint' });

export function openCheckpoints(
  partitionDirectory: string,
  durability: 'disk' | 'process',
  readOnly = false,
  writes?: SharedArrayBuffer,
): CheckpointStore {
  const directory = join(partitionDirectory, 'checkpoint');
  const mapSize = limits.checkpoint_map_bytes;
  const db = openEnvironment(directory, { durability, readOnly, mapSize, writes });
  // A new file would stay unsynced until the first checkpoint, and look damaged after a power cut.
  if (durability === 'disk' && !readOnly) syncDataFile(directory);
  return new LmdbCheckpoints(db);
}

const META = Buffer.from('meta');

function numbered(prefix: string, number: number): Buffer {
  return Buffer.from(`${prefix}${number.toString().padStart(10, '0')}`);
}

/** What LMDB takes as a key, and what of an id is a byte of its own. */
const ID_BYTES = 1_024;
const BYTES = /^[\0-\xff]*$/;

/** Whether a document can have been stored under it; a key of another text would be a part of it. */
function isStorable(id: string): boolean {
  return id.length <= ID_BYTES && BYTES.test(id);
}

/** An owner is bytes, one character each; none holds a zero byte but in front. */
function documentKey(owner: string, id: string): Buffer {
  return Buffer.from(`doc:${owner}\0${id}`, 'latin1');
}

class LmdbCheckpoints implements CheckpointStore {
  readonly #db: Environment;

  constructor(db: Environment) {
    this.#db = db;
  }

  read(): Checkpoint | undefined {
    const value = this.#value(META);
    if (value === undefined) return undefined;
    const meta = packr.unpack(value) as Checkpoint & { format: number };
    // Another version's checkpoint is not read: the journal is replayed from its beginning.
    if (meta.format !== FORMAT) return undefined;
    const stored = Object.entries(meta.books as unknown as Readonly<Record<string, string>>);
    const books = new Map(stored.map(([name, value]) => [name as AccountName, BigInt(value)]));
    return { ...meta, hash: Buffer.from(meta.hash), books };
  }

  readRun(run: number): Uint32Array {
    return this.#words(numbered('run:', run));
  }

  readPart(part: number): Uint32Array {
    return this.#words(numbered('part:', part));
  }

  #words(key: Buffer): Uint32Array {
    const value = this.#value(key);
    if (value === undefined) throw new CheckpointFault(`the checkpoint lacks ${key.toString()}`);
    const words = new Uint32Array(value.length / 4);
    new Uint8Array(words.buffer).set(value);
    return words;
  }

  readDocument(owner: string, id: string): Buffer | undefined {
    return isStorable(id) ? this.#value(documentKey(owner, id)) : undefined;
  }

  *listIds(owner: string, prefix: string, before?: string): Generator<string> {
    const from = documentKey(owner, before ?? `${prefix}\xff`);
    const to = documentKey(owner, prefix);
    const skipped = documentKey(owner, '').length;
    for (const key of this.#db.getKeys({ start: from, end: to, reverse: true })) {
      const id = key.subarray(skipped).toString('latin1');
      // The range begins at `before` itself and ends before `prefix` alone, which is no id.
      if (id !== before && id.startsWith(prefix)) yield id;
    }
  }

  async writeDocuments(documents: readonly StoredDocument[]): Promise<void> {
    await this.#db.batch(() => this.#putDocuments(documents));
    await this.#db.flushed;
    this.#db.resetReadTxn();
  }

  writeDocumentsNow(documents: readonly StoredDocument[]): void {
    this.#db.transactionSync(() => this.#putDocuments(documents));
    this.#db.resetReadTxn();
  }

  /** All of them in one stretch of memory: a buffer for each cost as much as the rest of a put. */
  #putDocuments(documents: readonly StoredDocument[]): void {
    const bytes = documents.reduce((sum, [, , value]) => sum + storedBytes(value), 0);
    const stored = Buffer.allocUnsafeSlow(bytes);
    let at = 0;
    for (const [owner, id, value] of documents) {
      assert.ok(isStorable(id), 'a key is the whole id');
      const key = documentKey(owner, id);
      const end = at + storedBytes(value);
      if (value === null) this.#db.remove(key);
      else this.#db.put(key, seal(stored.subarray(at, end), key, value));
      at = end;
    }
  }

  #value(key: Buffer): Buffer | undefined {
    const stored = this.#db.getBinary(key);
    if (stored === undefined) return undefined;
    const value = stored.subarray(CRC_BYTES);
    if (stored.length < CRC_BYTES || stored.readUInt32LE(0) !== checksum(key, value)) {
      const name = key.toString().replaceAll('\0', ' ');
      throw new CheckpointFault(`${name} in the checkpoint does not fit its checksum`);
    }
    return value;
  }

  #put(key: Buffer, value: Uint8Array): void {
    this.#db.put(key, seal(Buffer.allocUnsafeSlow(CRC_BYTES + value.length), key, value));
  }

  async write(checkpoint: Checkpoint, changes: CheckpointChanges): Promise<void> {
    const books = Object.fromEntries(
      [...checkpoint.books].map(([account, value]) => [account, value.toString()]),
    );
    const meta = packr.pack({ ...checkpoint, format: FORMAT, books });
    // A reader that was killed, such as a `verify`, would keep every page that is freed from now on.
    this.#db.readerCheck();
    await this.#db.batch(() => {
      for (const [run, words] of changes.runs) this.#put(numbered('run:', run), bytesOf(words));
      for (const [part, words] of changes.parts.entries()) {
        this.#put(numbered('part:', part), bytesOf(words));
      }
      this.#putDocuments(changes.documents);
      this.#put(META, meta);
    });
    await this.#db.flushed;
    this.#db.resetReadTxn();
  }

  check(): void {
    for (const key of this.#db.getKeys()) this.#value(key);
  }

  async forget(): Promise<void> {
    await this.#db.remove(META);
    await this.#db.flushed;
  }

  close(): Promise<void> {
    return this.#db.close();
  }
}

function storedBytes(value: Uint8Array | null): number {
  return value === null ? 0 : CRC_BYTES + value.length;
}

/** Writes a value as it is stored. */
function seal(stored: Buffer, key: Buffer, value: Uint8Array): Buffer {
  stored.writeUInt32LE(checksum(key, value), 0);
  stored.set(value, CRC_BYTES);
  return stored;
}

/** Over the key too: a value in another's place is none. The position is read in any format. */
function checksum(key: Buffer, value: Uint8Array): number {
  const crc = crc32(value);
  // The key last: of no bytes at all, zlib's CRC is not always what it went on from.
  return key.equals(META) ? crc : crc32(key, crc);
}

function bytesOf(words: Uint32Array): Uint8Array {
  return new Uint8Array(words.buffer, words.byteOffset, words.byteLength);
}
