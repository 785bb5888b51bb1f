import { deserialize, serialize } from 'node:v8';
import { crc32 } from 'node:zlib';
import type {
  Checkpoint,
  CheckpointChanges,
  CheckpointStore,
  StoredDocument,
} from '../../dist/partitions/checkpoint-store.js';
import type { Disk } from './disk.js';

/** What the engine hears of a value that is damaged. */
type Fault = new (message: string) => Error;

/** The checkpoints on a simulated disk; each value has its checksum in front, as on a real one. */
export class SimulatedCheckpoints implements CheckpointStore {
  readonly #disk: Disk;
  readonly #opened: number;
  readonly #fault: Fault;

  constructor(disk: Disk, fault: Fault) {
    this.#disk = disk;
    this.#fault = fault;
    this.#opened = disk.opened;
  }

  read(): Checkpoint | undefined {
    const stored = this.#read('meta') as Checkpoint | undefined;
    return stored === undefined ? undefined : { ...stored, hash: Buffer.from(stored.hash) };
  }

  readRun(run: number): Uint32Array {
    return this.#read(`run ${run}`) as Uint32Array;
  }

  readPart(part: number): Uint32Array {
    return this.#read(`part ${part}`) as Uint32Array;
  }

  #read(key: string): unknown {
    return this.#unsealed(key, this.#disk.values.get(key));
  }

  readDocument(owner: string, id: string): unknown {
    return this.#unsealed(id, this.#disk.documents.get(owner)?.get(id));
  }

  #unsealed(key: string, stored: Buffer | undefined): unknown {
    if (stored === undefined) return undefined;
    const value = stored.subarray(CRC_BYTES);
    if (stored.length < CRC_BYTES || stored.readUInt32LE(0) !== crc32(value)) {
      throw new this.#fault(`${key} in the checkpoint does not fit its checksum`);
    }
    return deserialize(value);
  }

  *listIds(owner: string, prefix: string, before = '\uffff'): Generator<string> {
    const ids = [...(this.#disk.documents.get(owner)?.keys() ?? [])].sort().reverse();
    for (const id of ids) {
      if (id < before && id.startsWith(prefix)) yield id;
    }
  }

  async writeDocuments(documents: readonly StoredDocument[]): Promise<void> {
    await this.#write(new Map(), pack(documents));
  }

  writeDocumentsNow(documents: readonly StoredDocument[]): void {
    this.#put(pack(documents));
  }

  async write(checkpoint: Checkpoint, changes: CheckpointChanges): Promise<void> {
    const values = new Map([['meta', seal(checkpoint)]]);
    for (const [run, words] of changes.runs) values.set(`run ${run}`, seal(words));
    for (const [i, words] of changes.parts.entries()) values.set(`part ${i}`, seal(words));
    if (checkpoint.frame > this.#disk.last) {
      this.#disk.faults.push('a checkpoint was written before the frame that it is of');
    }
    await this.#write(values, pack(changes.documents));
  }

  async #write(values: ReadonlyMap<string, Buffer>, documents: Packed): Promise<void> {
    const store = (): void => {
      for (const [key, value] of values) this.#disk.values.set(key, value);
      this.#put(documents);
    };
    const tear = (): void => {
      store();
      this.#disk.tearValue();
    };
    const refuse = (): void => {
      throw new Error('MDB_MAP_FULL');
    };
    await this.#disk.write(this.#opened, { store, tear, refuse });
  }

  #put(documents: Packed): void {
    for (const [owner, id, value] of documents) {
      const owned = this.#disk.documents.get(owner) ?? new Map<string, Buffer>();
      this.#disk.documents.set(owner, owned);
      if (value === null) owned.delete(id);
      else owned.set(id, value);
    }
  }

  check(): void {}

  async forget(): Promise<void> {
    this.#disk.values.delete('meta');
  }

  async close(): Promise<void> {}
}

const CRC_BYTES = 4;

function seal(value: unknown): Buffer {
  const bytes = serialize(value);
  const sealed = Buffer.alloc(CRC_BYTES + bytes.length);
  sealed.writeUInt32LE(crc32(bytes), 0);
  sealed.set(bytes, CRC_BYTES);
  return sealed;
}

type Packed = readonly (readonly [owner: string, id: string, value: Buffer | null])[];

function pack(documents: readonly StoredDocument[]): Packed {
  return documents.map(([owner, id, value]) => [owner, id, value === null ? null : seal(value)]);
}
