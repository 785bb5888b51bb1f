import assert from 'node:assert/strict';
import { applyToAccount, applyToBooks, Books } from '../ledger/apply.js';
import { movedToPlayer } from '../ledger/money.js';
import { isRequest, isTransaction } from '../ledger/vocabulary.js';
import { limits } from '../limits.js';
import { type Actor, standingOf } from './actor.js';
import type { Bytes } from './bytes.js';
import {
  type Checkpoint,
  CheckpointFault,
  type CheckpointStore,
  checkSeed,
} from './checkpoint-store.js';
import { faultIn, faultOfCheckpoint } from './fault.js';
import {
  checkFrame,
  checkSuccession,
  type EntryHead,
  eachEntry,
  FrameFault,
  hashFrame,
  kindOf,
  openFrame,
  readEntryHead,
  readFrameHeader,
  recordOf,
  STANDING,
} from './frame.js';
import { FrameCopy } from './frame-copy.js';
import type { Journal } from './journal.js';
import { PartitionState } from './partition-state.js';
import { userLength } from './record.js';
import { changesAt } from './request-record.js';
import { loadRuns, sortByLane } from './run.js';
import type { PartitionOptions } from './slots.js';

interface Recovered {
  readonly state: PartitionState;
  /** What the checkpointer goes on from. */
  readonly replayed: { readonly sequence: number; readonly runs: number };
  /** Why a stored checkpoint was not used. */
  readonly notice: string | undefined;
}

/** A journal that cannot be served as it is; the message names the partition and the place. */
class JournalFault extends Error {}

/** Rebuilds a partition from its last checkpoint and the frames after it. */
export function recover(
  options: PartitionOptions,
  journal: Journal,
  checkpoints: CheckpointStore,
): Recovered {
  let notice: string | undefined;
  try {
    const checkpoint = checkpoints.read();
    if (checkpoint !== undefined) return fromCheckpoint(options, journal, checkpoints, checkpoint);
  } catch (error) {
    if (!(error instanceof CheckpointFault)) throw error;
    notice = `${error.message}; replayed the journal from its beginning`;
  }
  const state = new PartitionState(options, journal, checkpoints);
  replay(state, options, journal);
  return { state, replayed: { sequence: 0, runs: 0 }, notice };
}

function fromCheckpoint(
  options: PartitionOptions,
  journal: Journal,
  checkpoints: CheckpointStore,
  checkpoint: Checkpoint,
): Recovered {
  const state = new PartitionState(options, journal, checkpoints);
  matchJournal(options, journal, checkpoint);
  matchGenesis(options, journal);
  checkSeed(checkpoint, options.seed);
  const runs = loadIndexes(state, checkpoints, checkpoint);
  state.books = new Books(checkpoint.books);
  state.frame = checkpoint.frame;
  state.hash = checkpoint.hash;
  state.sequence = checkpoint.sequence;
  state.time = state.frameTime = checkpoint.time;
  replay(state, options, journal);
  return { state, replayed: { sequence: checkpoint.sequence, runs }, notice: undefined };
}

/** A checkpoint knows frames that were durable: a journal without them is an older copy. */
function matchJournal(options: PartitionOptions, journal: Journal, checkpoint: Checkpoint): void {
  const { partition } = options;
  const older = faultOfCheckpoint(journal.last, checkpoint.frame);
  if (older !== undefined) throw new JournalFault(`partition ${partition}: ${older}`);
  const stored = journal.read(checkpoint.frame);
  if (stored === undefined || !hashFrame(stored).equals(checkpoint.hash)) {
    throw new JournalFault(
      `partition ${partition}, frame ${checkpoint.frame}: is not the frame that the checkpoint ` +
        'was taken after',
    );
  }
}

/** A journal of another engine has another first hash. */
function matchGenesis(options: PartitionOptions, journal: Journal): void {
  atFrame(options, 1, () => {
    const stored = journal.read(1);
    if (stored === undefined) throw new FrameFault('is missing');
    if (!readFrameHeader(openFrame(stored)).previous.equals(options.genesisHash)) {
      throw new FrameFault('is of another data directory');
    }
  });
}

/** Whatever is wrong with a frame that is being read is told with its place. */
function atFrame({ partition }: PartitionOptions, number: number, read: () => void): void {
  try {
    read();
  } catch (cause) {
    // The journal is sound as far as one knows: `recover` begins again without the checkpoint.
    if (cause instanceof CheckpointFault) throw cause;
    const place = `partition ${partition}, frame ${number}`;
    throw new JournalFault(`${place}: ${faultIn(cause)}`, { cause });
  }
}

/** Runs that are in memory together while they are loaded: some 4 MB each. */
const RUNS_AT_ONCE = 64;

/** Loads both indexes and returns the next run's number; a last run that is not full goes on. */
function loadIndexes(
  state: PartitionState,
  store: CheckpointStore,
  checkpoint: Checkpoint,
): number {
  const { transactions, actors } = state;
  transactions.index.reserve(checkpoint.transactions);
  let next = checkpoint.runs;
  for (let run = 0; run < checkpoint.runs; run += RUNS_AT_ONCE) {
    const count = Math.min(RUNS_AT_ONCE, checkpoint.runs - run);
    const sorted = Array.from({ length: count }, (_, i) => sortByLane(store.readRun(run + i)));
    loadRuns(transactions.index, sorted);
    const last = sorted[count - 1]?.words;
    if (last === undefined || run + count < checkpoint.runs) continue;
    if (last.byteLength >= limits.checkpoint_run_bytes) continue;
    transactions.run.resume(last);
    next = checkpoint.runs - 1;
  }
  let table = 0;
  for (let part = 0; part < checkpoint.parts; part++) {
    table = actors.index.restore(table, store.readPart(part));
  }
  return next;
}

function replay(state: PartitionState, options: PartitionOptions, journal: Journal): void {
  const progress = new Float64Array(options.progress);
  const first = state.frame + 1;
  const copy = new FrameCopy();
  progress[1] = journal.last - state.frame;
  for (let number = first; number <= journal.last; number++) {
    atFrame(options, number, () => {
      const stored = journal.read(number);
      if (stored === undefined) throw new FrameFault('is missing');
      checkFrame(stored);
      state.frames.keep(number, stored);
      replayFrame(state, options, number, copy.of(stored));
    });
    if (state.documents.hasChanged(limits.changed_documents) && journal.hasRoom()) {
      state.documents.spill();
    }
    progress[0] = number - first + 1;
  }
}

function replayFrame(
  state: PartitionState,
  options: PartitionOptions,
  number: number,
  bytes: Bytes,
): void {
  const header = readFrameHeader(bytes);
  const { partition } = options;
  const { hash: previous, sequence } = state;
  checkSuccession(header, { number, partition, previous, sequence });
  eachEntry(bytes, (at) => replayEntry(state, bytes, number, at));
  state.frame = number;
  state.hash = hashFrame(bytes.u8);
  state.sequence += header.entries;
  state.time = state.frameTime = header.time;
}

/** The same money rules as live, then a comparison with what was answered then. */
function replayEntry(state: PartitionState, bytes: Bytes, frame: number, at: number): void {
  const head = readEntryHead(bytes, at);
  const record = recordOf(bytes, at);
  applyToBooks(state.books, head.postings);
  if (userLength(bytes, record) === 0) return;
  const actor = state.actors.findResident(bytes, record) ?? awaken(state, bytes, at, head);
  applyToAccount(actor, head.postings);
  const kind = kindOf(bytes, at);
  if (kind === 'status' || kind === 'limits') state.set(actor, kind, bytes, record);
  else if (isRequest(kind)) {
    state.documents.apply(actor.key, bytes.u8, changesAt(bytes, record));
  }
  if (head.mark === 'tombstone') actor.tombstones = true;
  assert.equal(actor.version, head.version, 'versions have no gaps');
  assert.equal(actor.balance, head.balance, 'the balance after is the sum of the postings');
  assert.equal(standingOf(actor), head.standing, 'the standing is what the entries made it');
  state.actors.noteEntry(actor, frame, at);
  if (isTransaction(kind)) state.transactions.accepted(bytes, record, frame, at, head.mark);
  if (isRequest(kind)) state.transactions.acceptedRequest(bytes, record, frame, at);
}

/**
 * An actor that is not in memory, as it was before this entry. Its former entry need not be read:
 * the checkpoint's index must point to it, and the entry says what it changed.
 */
function awaken(state: PartitionState, bytes: Bytes, at: number, head: EntryHead): Actor {
  const { actors } = state;
  const actor = actors.create(bytes, recordOf(bytes, at));
  if (head.version === 1) return actor;
  const { previousFrame, previousAt } = head;
  const indexed = actors.index.findTag(
    actor.lane,
    actor.tag,
    (otherFrame, otherAt) => otherFrame === previousFrame && otherAt === previousAt,
  );
  if (!indexed) throw new FrameFault('has an entry whose user no earlier entry opened');
  actor.moveTo(previousFrame, previousAt);
  actor.indexAt(previousFrame, previousAt);
  actor.balance = head.balance - movedToPlayer(head.postings);
  actor.version = head.version - 1;
  actor.disabled = (head.standing & STANDING.disabled) !== 0;
  actor.tombstones = (head.standing & STANDING.tombstones) !== 0;
  const limited = (head.standing & STANDING.limits) !== 0 || kindOf(bytes, at) === 'limits';
  if (limited) actor.limits = actors.readLimits(actor);
  return actor;
}
