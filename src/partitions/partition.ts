import { applyToBooks, type BookValues } from '../ledger/apply.js';
import { genesis } from '../ledger/players.js';
import { codeOfKind } from '../ledger/vocabulary.js';
import { allocateBytes } from './bytes.js';
import type { CheckpointStore } from './checkpoint-store.js';
import { Checkpointer } from './checkpointer.js';
import { writeCurrency } from './currencies.js';
import { ENTRY_OVERHEAD_BYTES, entryBytes } from './frame-writer.js';
import type { Journal } from './journal.js';
import type { PartitionState } from './partition-state.js';
import { endRecord, RECORD } from './record.js';
import { recover } from './recovery.js';
import {
  type PartitionOptions,
  type Slot,
  slotsOf,
  type TurnResult,
  type TurnTask,
} from './slots.js';
import { Turn } from './turn.js';

/** One shard of the wallet: applies batches one at a time and answers when they are durable. */
export class Partition {
  readonly #options: PartitionOptions;
  readonly #journal: Journal;
  readonly #checkpoints: CheckpointStore;
  readonly #state: PartitionState;
  readonly #turn: Turn;
  readonly #slots: readonly Slot[];
  readonly #checkpointer: Checkpointer;
  readonly notice: string | undefined;

  constructor(options: PartitionOptions, journal: Journal, checkpoints: CheckpointStore) {
    this.#options = options;
    this.#journal = journal;
    this.#checkpoints = checkpoints;
    this.#slots = slotsOf(options.slots);
    const { state, notice, replayed } = recover(options, journal, checkpoints);
    this.#state = state;
    this.notice = notice;
    this.#turn = new Turn(state, options.dialect);
    this.#checkpointer = new Checkpointer(state, journal, checkpoints, replayed);
  }

  get frame(): number {
    return this.#state.frame;
  }

  get time(): number {
    return this.#state.time;
  }

  /** The first frame of a new journal: this partition's share of the treasury's supply. */
  async begin(now: number): Promise<void> {
    if (this.#state.frame > 0) return;
    const { postings, mark } = genesis(this.#options.supply);
    const record = allocateBytes(RECORD.body);
    record.u8[RECORD.kind] = codeOfKind('genesis');
    record.f64[RECORD.amount >> 3] = this.#options.supply;
    writeCurrency(record.u8, RECORD.currency, this.#options.currency);
    endRecord(record, 0, RECORD.body, RECORD.body);
    const head = { version: 0, balance: 0, previousFrame: 0, previousAt: 0, mark, standing: 0 };
    this.#state.begin(now, entryBytes(record, 0), true);
    this.#state.openFrame(entryBytes(record, 0)).append({ ...head, postings }, record, 0);
    applyToBooks(this.#state.books, postings);
    this.#state.seal();
    await this.#journal.durable();
  }

  /** Runs a batch; resolves when everything that its answers depend on is durable. */
  async turn(task: TurnTask): Promise<TurnResult> {
    const slot = this.#slots[task.slot];
    if (slot === undefined) throw new RangeError(`there is no slot ${task.slot}`);
    const { count, bytes, time } = task;
    this.#state.begin(time, bytes + count * ENTRY_OVERHEAD_BYTES, this.#journal.hasRoom());
    const extras = this.#turn.run(slot, count, bytes);
    this.#state.seal();
    const durable = this.#journal.durable();
    this.#checkpointer.step();
    await durable;
    return { extras };
  }

  /** The sums of this partition's accounts, once they are durable. */
  async books(): Promise<BookValues> {
    const values = this.#state.books.values();
    await this.#journal.durable();
    return values;
  }

  /** Fingerprints of every id, for the engine's claims. */
  ids(): Uint32Array {
    return this.#state.transactions.index.fingerprints();
  }

  /** Of a damaged checkpoint nothing is used again: the journal has all of it. */
  async forgetCheckpoint(): Promise<void> {
    await this.#checkpoints.forget();
  }

  async close(): Promise<void> {
    await this.#checkpointer.finish();
    await this.#journal.close();
    await this.#checkpoints.close();
  }
}
