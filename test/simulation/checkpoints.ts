import { deserialize, serialize } from 'node:v8';
import type {
  Checkpoint,
  CheckpointChanges,
  CheckpointStore,
  StoredDocument,
} from '../../dist/partitions/checkpoint-store.js';
import type { Disk } from './disk.js';

/** The checkpoints on a simulated disk. */
export class SimulatedCheckpoints implements CheckpointStore {
  readonly #disk: Disk;
  readonly #opened: number;

  constructor(disk: Disk) {
    this.#disk = disk;
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
    const stored = this.#disk.values.get(key);
    return stored === undefined ? undefined : deserialize(stored);
  }

  readDocument(owner: string, id: string): unknown {
    const stored = this.#disk.documents.get(owner)?.get(id);
    return stored === undefined ? undefined : deserialize(stored);
  }

  *listIds(owner: string, prefix: string, before = '\uffff'): Generator<string> {
    const ids = [...(this.#disk.documents.get(owner)?.keys() ?? [])].sort().reverse();
    for (const id of ids) {
      if (id < before && id.startsWith(prefix)) yield id;
    }
  }

  async writeDocuments(documents: readonly StoredDocument[]): Promise<void> {
    const packed = pack(documents);
    await this.#disk.write(
      this.#opened,
      () => this.#put(packed),
      () => {
        throw new Error('MDB_MAP_FULL');
      },
    );
  }

  async write(checkpoint: Checkpoint, changes: CheckpointChanges): Promise<void> {
    const values = new Map([['meta', serialize(checkpoint)]]);
    for (const [run, words] of changes.runs) values.set(`run ${run}`, serialize(words));
    for (const [i, words] of changes.parts.entries()) values.set(`part ${i}`, serialize(words));
    const documents = pack(changes.documents);
    if (checkpoint.frame > this.#disk.last) {
      this.#disk.violations.push('a checkpoint was written before the frame that it is of');
    }
    const store = (): void => {
      for (const [key, value] of values) this.#disk.values.set(key, value);
      this.#put(documents);
    };
    await this.#disk.write(this.#opened, store, () => {
      throw new Error('MDB_MAP_FULL');
    });
  }

  #put(documents: readonly (readonly [string, string, Buffer | null])[]): void {
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

function pack(
  documents: readonly StoredDocument[],
): readonly (readonly [string, string, Buffer | null])[] {
  return documents.map(([owner, id, value]) => [
    owner,
    id,
    value === null ? null : serialize(value),
  ]);
}
