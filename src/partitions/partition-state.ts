import { Books } from '../ledger/apply.js';
import { dialects } from '../ledger/dialects.js';
import { Actors } from './actors.js';
import { allocateBytes } from './bytes.js';
import type { CheckpointStore } from './checkpoint-store.js';
import { Currencies } from './currencies.js';
import { FrameWriter, hashFrame } from './frame.js';
import { FrameStore } from './frame-store.js';
import { Hash } from './hash.js';
import type { Journal } from './journal.js';
import type { PartitionOptions } from './slots.js';
import { Transactions } from './transactions.js';

/** All that a partition knows: what a turn reads and changes, and what recovery rebuilds. */
export class PartitionState {
  readonly currencies: Currencies = new Currencies();
  readonly frames: FrameStore;
  readonly actors: Actors;
  readonly transactions: Transactions;
  books: Books = new Books();
  /** The last frame, whose hash the next one carries. */
  frame = 0;
  hash: Buffer;
  /** The sequence number of the next entry. */
  sequence = 1;
  time = 0;
  #building: FrameWriter | undefined;
  readonly #writers: FrameWriter[] = [];
  /** Bytes that the next frame must have room for. */
  frameBytes = 1024;

  constructor(options: PartitionOptions, journal: Journal, checkpoints: CheckpointStore) {
    const hash = new Hash(options.seed);
    const listedOnly = dialects[options.dialect].compares === 'the listed fields';
    this.hash = Buffer.from(options.genesisHash);
    this.frames = new FrameStore(journal);
    this.actors = new Actors(this.frames, hash, this.currencies, checkpoints);
    this.transactions = new Transactions(this.frames, hash, listedOnly, allocateBytes(0));
  }

  /** The frame that takes the batch's entries; begun with the first of them. */
  openFrame(): FrameWriter {
    if (this.#building === undefined) {
      this.#building = this.#writers.pop() ?? new FrameWriter();
      this.#building.begin(this.frame + 1, this.frameBytes);
      this.frames.build(this.#building);
    }
    return this.#building;
  }

  /** Seals the open frame, if there is one, and gives it to `append`, which makes it durable. */
  sealFrame(
    now: number,
    partition: number,
    append: (number: number, sealed: Buffer) => Promise<void>,
  ): Promise<void> | undefined {
    const writer = this.#building;
    if (writer === undefined) return undefined;
    this.#building = undefined;
    this.time = Math.max(this.time, now);
    const sealed = writer.seal(this.sequence, this.time, this.hash, partition);
    this.sequence += writer.entries;
    this.frame = writer.number;
    this.hash = hashFrame(sealed);
    this.frames.keep(writer.number, sealed);
    // LMDB reads the bytes until the commit: only then another frame may be built in them.
    return append(writer.number, sealed).then(() => {
      this.#writers.push(writer);
    });
  }
}
