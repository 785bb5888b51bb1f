import { setImmediate as nextTurn } from 'node:timers/promises';
import { limits } from '../limits.js';
import type { CheckpointStore, StoredDocument } from './checkpoint-store.js';
import { LIMITS } from './documents.js';
import type { Journal } from './journal.js';
import type { Layer } from './layer.js';
import { TABLES } from './location-index.js';
import type { PartitionState } from './partition-state.js';

const TABLES_PER_PART = 64;

/**
 * Writes checkpoints while the partition goes on serving.
 *
 * C1 A checkpoint is the exact state after one frame, chosen between two batches.
 * C2 It is written after that frame is durable in the journal, and in one commit, but for the
 *    documents: they may come before it, for replay only sets them to what they are.
 * C3 The long part of the work, noting where the changed actors are, is done in slices before
 *    the frame is chosen; only what changed meanwhile is noted at once.
 * C4 Reads make no checkpoint due, but they bring actors into memory: when there are too many, a new
 *    generation begins without a checkpoint. Never beside one: both bring the actor index up to date.
 */
export class Checkpointer {
  readonly #state: PartitionState;
  readonly #journal: Journal;
  readonly #store: CheckpointStore;
  /** The sequence that the next entry had when the last checkpoint was taken. */
  #since: number;
  #runs: number;
  #running: Promise<void> | undefined;
  #failure: unknown;

  constructor(
    state: PartitionState,
    journal: Journal,
    store: CheckpointStore,
    last: { readonly sequence: number; readonly runs: number },
  ) {
    this.#state = state;
    this.#journal = journal;
    this.#store = store;
    this.#since = last.sequence;
    this.#runs = last.runs;
  }

  /**
   * Begins a checkpoint when one is due, or a generation of actors. Throws what made an earlier one
   * fail.
   */
  step(): void {
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#running !== undefined) return;
    // On a full disk it would fail, and end a thread that can still answer reads.
    if (this.#isDue() && this.#hasRoom()) this.#run(this.#checkpoint());
    else if (this.#state.actors.crowded) this.#run(this.#age());
  }

  #isDue(): boolean {
    // Many actors make a large checkpoint: then it comes less often.
    const { sequence, documents, actors } = this.#state;
    const entries = Math.max(limits.checkpoint_entries, actors.index.size / 2);
    const changed = Math.max(limits.changed_documents, actors.index.size / 4);
    return sequence - this.#since >= entries || documents.hasChanged(changed);
  }

  /** A large one may be more than what is kept in reserve: after a replay it has all transactions. */
  #hasRoom(): boolean {
    const { actors, transactions, documents } = this.#state;
    return this.#journal.hasRoom(actors.index.bytes + transactions.run.bytes + documents.bytes);
  }

  #run(work: Promise<void>): void {
    this.#running = work
      .catch((error: unknown) => {
        this.#failure = error;
      })
      .finally(() => {
        this.#running = undefined;
      });
  }

  /** Writes a last checkpoint, for a start without replay. Throws where the disk has no room for it. */
  async finish(): Promise<void> {
    await this.#running;
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#state.sequence === this.#since) return;
    if (!this.#hasRoom()) throw new Error('the disk is almost full');
    await this.#checkpoint();
  }

  async #checkpoint(): Promise<void> {
    await this.#settleMost();
    this.#settleRest();
    const { actors } = this.#state;
    if (actors.resident > limits.resident_actors) actors.age();
    const { frame, sequence, frameTime, hash, seed, transactions, books } = this.#state;
    const words = transactions.run.copy();
    const runs = new Map(words.map((piece, i) => [this.#runs + i, piece]));
    const next = this.#runs + words.length;
    this.#runs += transactions.run.clear();
    const documents = this.#state.documents.take();
    const standing = { frame, sequence, time: frameTime, hash, seed, books: books.values() };
    const size = transactions.index.size;
    const parts = await this.#dumpActors();
    await this.#journal.durable();
    const rest = await this.#writeDocuments(documents);
    const meta = { ...standing, transactions: size, runs: next, parts: parts.length };
    await this.#store.write(meta, { runs, parts, documents: rest });
    this.#state.documents.written();
    this.#since = sequence;
  }

  /** C4. */
  async #age(): Promise<void> {
    await this.#settleMost();
    this.#settleRest();
    this.#state.actors.age();
  }

  async #settleMost(): Promise<void> {
    const { actors } = this.#state;
    while (actors.changed > limits.checkpoint_slice_actors) {
      actors.settle(limits.checkpoint_slice_actors);
      await nextTurn();
    }
  }

  #settleRest(): void {
    const { actors } = this.#state;
    actors.settle(actors.changed);
  }

  /** Writes documents in slices; those that replay looks at are for the checkpoint's own commit. */
  async #writeDocuments(layer: Layer): Promise<StoredDocument[]> {
    const together: StoredDocument[] = [];
    let slice: StoredDocument[] = [];
    for (const document of layer) {
      (document[1] === LIMITS ? together : slice).push(document);
      if (slice.length < limits.checkpoint_slice_documents) continue;
      await this.#store.writeDocuments(slice);
      slice = [];
    }
    return [...together, ...slice];
  }

  async #dumpActors(): Promise<Uint32Array[]> {
    const parts: Uint32Array[] = [];
    for (let table = 0; table < TABLES; table += TABLES_PER_PART) {
      parts.push(this.#state.actors.index.dump(table, table + TABLES_PER_PART));
      await nextTurn();
    }
    return parts;
  }
}
