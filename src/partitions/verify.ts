import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Books, type BookValues, totalOf } from '../ledger/apply.js';
import { isDeepEqual } from '../ledger/equal.js';
import {
  type Checkpoint,
  CheckpointFault,
  type CheckpointStore,
  checkSeed,
  openCheckpoints,
} from './checkpoint-store.js';
import { isMemory } from './child-end.js';
import { faultOfDataFile, hasDataFile } from './data-file.js';
import { EntryVerifier, type Share } from './entry-verifier.js';
import { faultIn, faultOfCheckpoint, faultOfEnd, reasonOf } from './fault.js';
import {
  checkFrame,
  checkSuccession,
  eachEntry,
  FrameFault,
  hashFrame,
  readFrameHeader,
} from './frame.js';
import { FrameCopy } from './frame-copy.js';
import { FrameStore } from './frame-store.js';
import { type Journal, openJournal } from './journal.js';
import { journalDirectory } from './journal-file.js';
import { lastBefore } from './moment.js';
import type { SharedIds } from './shared-ids.js';
import { refuseUnreadable } from './unreadable.js';
import { openStill } from './visit.js';

/** What the walk of one partition found, as far as it came. */
export interface PartitionReport {
  readonly frames: number;
  readonly entries: number;
  readonly users: number;
  readonly orders: number;
  readonly lots: number;
  readonly books: BookValues;
  /** The first fault with its place. */
  readonly fault?: string;
}

/** A partition: where it is and what its first frame names as the hash before it. */
export interface PartitionPlace extends Share {
  readonly directory: string;
  readonly genesisHash: Uint8Array;
  /** A frame that its journal is known to have had. */
  readonly known: number;
}

/** What to verify of a partition: only frames that were begun before the moment (`momentOf`). */
interface PartitionPlan extends PartitionPlace {
  readonly before: number;
}

/** Called with how far the walk has come, after every `frames` frames and at its end. */
interface Watch {
  readonly frames: number;
  readonly onFrame: (done: number, total: number) => void;
}

/**
 * Walks every frame of a partition, from the first one on: checksums, hash chain, numbers and times;
 * every entry by `EntryVerifier`; at the end the sums, and the checkpoint against the walk. The
 * journal is added to `journals` and stays open: other partitions' ids are compared with its own.
 * Throws Unreadable.
 */
export async function verifyPartition(
  plan: PartitionPlan,
  ids: SharedIds,
  journals: Journal[],
  watch: Watch,
): Promise<PartitionReport> {
  const { directory, partition } = plan;
  const path = journalDirectory(directory);
  try {
    const damaged = faultOfDataFile(path);
    if (damaged !== undefined) return unread(partition, damaged);
    const checkpoint = await readCheckpoint(directory, ids.hash.seed);
    const journal = await openStill(directory, () => {
      return openJournal(path, { durability: 'disk', readOnly: true });
    });
    journals.push(journal);
    return await verifyJournal(journal, checkpoint, plan, ids, watch);
  } catch (error) {
    refuseMemory(error);
    refuseUnreadable(path, error);
    return unread(partition, `${path} cannot be read: ${reasonOf(error)}`);
  }
}

/** The same of a journal that is open, and of the checkpoint that was read beside it. */
export async function verifyJournal(
  journal: Journal,
  checkpoint: Checkpoint | CheckpointFault | undefined,
  plan: PartitionPlan,
  ids: SharedIds,
  watch: Watch,
): Promise<PartitionReport> {
  const walk = new Walk(journal, plan, ids, checkpoint);
  await walk.run(watch);
  return walk.report();
}

/** A process that has no memory left ends: what it did not understand is no fault. */
function refuseMemory(error: unknown): void {
  if (isMemory(reasonOf(error))) throw error;
}

function unread(partition: number, fault: string): PartitionReport {
  const books = new Books().values();
  const nothing = { frames: 0, entries: 0, users: 0, orders: 0, lots: 0 };
  return { ...nothing, books, fault: `partition ${partition}: ${fault}` };
}

/** Read before the journal: a directory that is being served goes on meanwhile. */
async function readCheckpoint(
  directory: string,
  seed: Uint8Array,
): Promise<Checkpoint | CheckpointFault | undefined> {
  const path = join(directory, 'checkpoint');
  if (!hasDataFile(path)) return undefined;
  const damaged = faultOfDataFile(path);
  if (damaged !== undefined) return new CheckpointFault(damaged);
  let store: CheckpointStore | undefined;
  try {
    store = await openStill(directory, () => openCheckpoints(directory, 'disk', true));
    return readWhole(store, seed);
  } catch (error) {
    refuseMemory(error);
    refuseUnreadable(path, error);
    if (error instanceof CheckpointFault) return error;
    return new CheckpointFault(`the checkpoint cannot be read: ${reasonOf(error)}`);
  } finally {
    await store?.close();
  }
}

/** Reads all of it: a start looks at the indexes alone, and at a document when it is needed. */
function readWhole(store: CheckpointStore, seed: Uint8Array): Checkpoint | undefined {
  const checkpoint = store.read();
  if (checkpoint === undefined) return undefined;
  checkSeed(checkpoint, seed);
  for (let run = 0; run < checkpoint.runs; run++) store.readRun(run);
  for (let part = 0; part < checkpoint.parts; part++) store.readPart(part);
  store.check();
  return checkpoint;
}

class Walk {
  readonly #journal: Journal;
  readonly #plan: PartitionPlan;
  readonly #copy = new FrameCopy();
  readonly #verifier: EntryVerifier;
  readonly #checkpoint: Checkpoint | CheckpointFault | undefined;
  readonly #last: number;
  #hash: Buffer;
  #frame = 0;
  #sequence = 1;
  #time = 0;
  #fault: string | undefined;

  constructor(
    journal: Journal,
    plan: PartitionPlan,
    ids: SharedIds,
    checkpoint: Checkpoint | CheckpointFault | undefined,
  ) {
    this.#journal = journal;
    this.#plan = plan;
    this.#hash = Buffer.from(plan.genesisHash);
    this.#last = lastBefore(journal, plan.before);
    this.#checkpoint = checkpoint;
    this.#verifier = new EntryVerifier(new FrameStore(journal), plan, ids);
  }

  async run({ frames, onFrame }: Watch): Promise<void> {
    for (let number = 1; number <= this.#last && this.#fault === undefined; number++) {
      this.#visit(number);
      if (number % frames !== 0 && number !== this.#last) continue;
      onFrame(number, this.#last);
      await nextTurn();
    }
    if (this.#fault !== undefined) return;
    const fault = this.#faultAtEnd();
    if (fault !== undefined) this.#fault = `partition ${this.#plan.partition}: ${fault}`;
  }

  report(): PartitionReport {
    const { users, books, requests } = this.#verifier;
    const report = {
      frames: this.#frame,
      entries: this.#sequence - 1,
      users,
      orders: requests.orders,
      lots: requests.lots,
      books: books.values(),
    };
    return this.#fault === undefined ? report : { ...report, fault: this.#fault };
  }

  #visit(number: number): void {
    let entry = -1;
    try {
      const stored = this.#journal.read(number);
      if (stored === undefined) throw new FrameFault('is missing');
      checkFrame(stored);
      this.#verifier.frames.keep(number, stored);
      const bytes = this.#copy.of(stored);
      const header = readFrameHeader(bytes);
      const { partition } = this.#plan;
      const [previous, sequence] = [this.#hash, this.#sequence];
      checkSuccession(header, { number, partition, previous, sequence });
      if (header.time < this.#time) throw new FrameFault('is older than the one before it');
      eachEntry(bytes, (at, index) => {
        entry = index;
        this.#verifier.verify(bytes, number, at);
      });
      entry = -1;
      this.#hash = hashFrame(bytes.u8);
      this.#frame = number;
      this.#sequence += header.entries;
      this.#time = header.time;
      this.#compare(number);
    } catch (error) {
      refuseMemory(error);
      const place = entry < 0 ? '' : `, entry ${entry}`;
      this.#fault = `partition ${this.#plan.partition}, frame ${number}${place}: ${faultIn(error)}`;
    }
  }

  /** The checkpoint must be what the walk has after the checkpoint's frame. */
  #compare(number: number): void {
    const checkpoint = this.#checkpoint;
    if (checkpoint === undefined || checkpoint instanceof CheckpointFault) return;
    if (checkpoint.frame !== number) return;
    const books = this.#verifier.books.values();
    const same =
      checkpoint.hash.equals(this.#hash) &&
      checkpoint.sequence === this.#sequence &&
      checkpoint.time === this.#time &&
      isDeepEqual([...checkpoint.books], [...books]);
    if (!same) throw new FrameFault('is not what the checkpoint was taken after');
  }

  #faultAtEnd(): string | undefined {
    if (this.#last === 0) return 'has no frame';
    const { last } = this.#journal;
    const older = faultOfEnd(last, this.#plan.known);
    if (older !== undefined) return older;
    const books = this.#verifier.books.values();
    if (totalOf(books) !== 0n) return 'the sums are not zero';
    if (this.#verifier.balances() !== books.get('player')) {
      return 'the balances are not the sum of the postings';
    }
    const checkpoint = this.#checkpoint;
    if (checkpoint instanceof CheckpointFault) return checkpoint.message;
    return checkpoint && faultOfCheckpoint(last, checkpoint.frame);
  }
}
