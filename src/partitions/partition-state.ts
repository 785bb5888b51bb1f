import { Books } from '../ledger/apply.js';
import { dialects } from '../ledger/dialects.js';
import { applySetting } from '../ledger/players.js';
import { change } from '../ledger/request.js';
import { limits } from '../limits.js';
import type { Actor } from './actor.js';
import { Actors } from './actors.js';
import type { Bytes } from './bytes.js';
import type { CheckpointStore } from './checkpoint-store.js';
import { Currencies } from './currencies.js';
import { Documents, LIMITS } from './documents.js';
import { Fingerprints } from './fingerprints.js';
import { hashFrame } from './frame.js';
import { FrameStore } from './frame-store.js';
import { FrameWriter } from './frame-writer.js';
import type { Journal } from './journal.js';
import { packChanges } from './request-record.js';
import { settingOf } from './setting-record.js';
import type { PartitionOptions } from './slots.js';
import { Transactions } from './transactions.js';

/** All that a partition knows: what a turn reads and changes, and what recovery rebuilds. */
export class PartitionState {
  readonly currencies: Currencies = new Currencies();
  /** Of the hash that fingerprints are made with. */
  readonly seed: Uint8Array;
  readonly frames: FrameStore;
  readonly actors: Actors;
  readonly documents: Documents;
  readonly transactions: Transactions;
  books: Books = new Books();
  /** The last frame, whose hash the next one carries. */
  frame = 0;
  hash: Buffer;
  /** The sequence number of the next entry. */
  sequence = 1;
  /** Of the last frame; and of the turn under way, which its entries will have. */
  frameTime = 0;
  time = 0;
  /** On a disk that is too full only what needs no entry is answered: reads, replays, refusals. */
  mayWrite = true;
  #begun_ms = 0;
  #building: FrameWriter | undefined;
  readonly #writers: FrameWriter[] = [];
  #frameBytes = 1024;
  readonly #fingerprints: Fingerprints;
  readonly #journal: Journal;
  readonly #partition: number;

  constructor(options: PartitionOptions, journal: Journal, checkpoints: CheckpointStore) {
    this.#journal = journal;
    this.#partition = options.partition;
    this.seed = options.seed;
    const fingerprints = new Fingerprints(options.seed);
    this.#fingerprints = fingerprints;
    const listedOnly = dialects[options.dialect].compares === 'the listed fields';
    this.hash = Buffer.from(options.genesisHash);
    this.frames = new FrameStore(journal);
    this.documents = new Documents(checkpoints);
    this.actors = new Actors(this.frames, fingerprints, this.currencies, this.documents);
    this.transactions = new Transactions(this.frames, fingerprints, listedOnly);
  }

  /** Begins a turn: its entries have one time, which never goes back. */
  begin(now: number, bytes: number, mayWrite: boolean): void {
    this.time = Math.max(this.time, now);
    this.mayWrite = mayWrite;
    this.#frameBytes = bytes;
    this.#begun_ms = performance.now();
  }

  /** Fetches what is stored under the users and ids of records that come next (`Fingerprints`). */
  lookAhead(bytes: Bytes, starts: readonly number[]): void {
    this.#fingerprints.lookAhead(bytes, starts);
    this.actors.fetch();
    this.transactions.fetch();
  }

  /** Whether the turn has taken so long that what may take long itself is left to another one. */
  get isLate(): boolean {
    return performance.now() - this.#begun_ms > limits.turn_long_ms;
  }

  /** The frame that takes an entry of this many bytes; a full one is sealed and another begun. */
  openFrame(needed: number): FrameWriter {
    const building = this.#building;
    if (building !== undefined) {
      if (building.hasRoom(needed)) return building;
      this.seal();
    }
    const next = this.#writers.pop() ?? new FrameWriter();
    next.begin(this.frame + 1, this.time, Math.max(needed, this.#frameBytes));
    this.frames.build(next);
    this.#building = next;
    return next;
  }

  /** Seals the open frame, if there is one, and gives it to the journal. */
  seal(): void {
    const writer = this.#building;
    if (writer === undefined) return;
    this.#building = undefined;
    const sealed = writer.seal(this.sequence, this.hash, this.#partition);
    this.sequence += writer.entries;
    this.frame = writer.number;
    this.frameTime = this.time;
    this.hash = hashFrame(sealed);
    this.frames.keep(writer.number, sealed);
    // LMDB reads the bytes until the commit: only then another frame may be built in them. Whoever
    // waits for `durable` hears of a failure.
    const again = (): number => this.#writers.push(writer);
    this.#journal.append(writer.number, sealed).then(again, () => {});
  }

  /** Applies the setting in a record, live and in recovery. */
  set(actor: Actor, kind: 'status' | 'limits', records: Bytes, start: number): void {
    applySetting(actor, settingOf(kind, records, start));
    if (kind === 'status') return;
    this.documents.apply(actor.key, packChanges([change(LIMITS, actor.limits ?? null)]), 0);
  }
}
