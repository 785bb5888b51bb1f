import { setTimeout as wait } from 'node:timers/promises';
import type { BookValues } from '../ledger/apply.js';
import { limits } from '../limits.js';
import { reasonOf } from '../partitions/fault.js';
import { allocateSlots, type Hello, slotsOf, type TurnResult } from '../partitions/slots.js';
import { shareWrites } from '../partitions/whole-writes.js';
import type { Batch, Caller } from './batch.js';
import type { Clock } from './clock.js';
import { closed, EngineError, unavailable } from './errors.js';
import { greet, type OnProgress } from './greeting.js';
import { Mailbox } from './mailbox.js';
import { healthOf, Lives, type State } from './partition-health.js';
import type { StartThread, Thread, ThreadOptions } from './pool.js';
import { Shared } from './shared.js';
import type { TurnEnd } from './turn-end.js';
import type { PartitionChange, PartitionHealth } from './wallet.js';
import { Watchdog } from './watchdog.js';

/** What the engine chooses for a partition; the rest is this client's. */
export type ClientOptions = Omit<ThreadOptions, 'slots' | 'epochs' | 'progress' | 'writes'>;

/** What all partitions of a wallet share. */
export interface Surroundings {
  readonly clock: Clock;
  readonly start: StartThread;
  readonly turnEnd: TurnEnd;
}

/**
 * The engine's side of one partition: its mailbox, its thread, and what happens when that dies.
 *
 * P1 At most `partition_batches_in_flight` batches are with the thread; they come back in order.
 * P2 A batch that was with a thread that failed has an unknown outcome: `unavailable`.
 * P3 Batches that no thread has seen wait for the recovered one.
 * P4 After a failure of any kind the thread is ended, and the next one recovers from the disk.
 * P5 No more batches wait than can be answered in time (`admission.ts`); the rest is refused at once.
 */
export class PartitionClient {
  readonly #options: ThreadOptions;
  readonly #clock: Clock;
  readonly #start: StartThread;
  readonly #turnEnd: TurnEnd;
  readonly #mailbox: Mailbox;
  readonly #inFlight = new Set<Batch>();
  #thread: Thread | undefined;
  #state: State = { kind: 'recovering' };
  #restarts = 0;
  readonly #lives = new Lives();
  #flushing = false;
  #idle: (() => void)[] = [];
  #recovery: Promise<void> | undefined;
  #changed: (change: PartitionChange) => void = () => {};
  readonly #watchdog: Watchdog<Batch>;
  /** Each would take a turn of the thread. */
  readonly #books = new Shared(async () => (await this.#ask('books')) as BookValues);

  constructor(options: ClientOptions, { clock, start, turnEnd }: Surroundings) {
    this.#clock = clock;
    this.#start = start;
    this.#turnEnd = turnEnd;
    const slots = allocateSlots();
    const epochs = new SharedArrayBuffer(4);
    const progress = new SharedArrayBuffer(16);
    this.#options = { ...options, slots, epochs, progress, writes: shareWrites() };
    this.#mailbox = new Mailbox(slotsOf(slots));
    this.#watchdog = new Watchdog(
      () => this.#inFlight.values().next().value,
      (age_ms) => this.#watched(age_ms),
    );
  }

  /** Starts the thread and waits for its recovery. Rejects when the journal cannot be served. */
  async open(onProgress?: OnProgress): Promise<Hello> {
    const thread = this.#start(this.#options);
    this.#thread = thread;
    const hello = await greet(thread, this.#options.progress, onProgress);
    if (hello.notice !== undefined) {
      process.emitWarning(`partition ${this.#options.partition}: ${hello.notice}`);
    }
    this.#clock.raise(hello.time);
    this.#state = { kind: 'serving', epoch: hello.epoch };
    this.#lives.begin();
    void thread.died.then((error) => this.#fail(hello.epoch, error));
    return hello;
  }

  /**
   * Calls back whenever its thread has died (`cause` says why), another one has taken over, or none
   * ever will.
   */
  onChange(call: (change: PartitionChange) => void): void {
    this.#changed = call;
  }

  health(): PartitionHealth {
    const { partition } = this.#options;
    let pending = this.#mailbox.waiting;
    for (const batch of this.#inFlight) pending += batch.callers.length;
    return healthOf(this.#state, { partition, pending, restarts: this.#restarts });
  }

  /** The batch for the next command. Throws when the command cannot be taken. */
  batch(): Batch {
    this.#demandLife();
    const batch = this.#mailbox.open();
    if (batch === undefined) {
      throw new EngineError('overloaded', 'the partition has as much work as it may hold');
    }
    return batch;
  }

  /** The same for a command of a list, which leaves room for others; undefined until `room`. */
  listBatch(): Batch | undefined {
    this.#demandLife();
    return this.#mailbox.openForList();
  }

  #demandLife(): void {
    if (this.#state.kind === 'failed') throw unavailable(this.#state.reason);
    if (this.#state.kind === 'closed') throw closed();
  }

  /** How many commands it answers in time, with what is at its thread. */
  get promptCommands(): number {
    return this.#mailbox.promptCommands;
  }

  /** Puts a written record into the batch that `batch` gave, and sees to it that it leaves. */
  post(batch: Batch, caller: Caller, tag: number, end: number): void {
    batch.add(caller, tag, end);
    if (batch.full) this.#flush();
    this.#flushSoon();
    this.#turnEnd.step();
  }

  /** After this turn of the event loop: whatever arrived in it travels together. */
  #flushSoon(): void {
    if (this.#flushing) return;
    this.#flushing = true;
    this.#turnEnd.call(() => {
      this.#flushing = false;
      this.#flush();
    });
  }

  /** Resolves when few enough batches wait for a list to go on. */
  room(): Promise<void> {
    return this.#mailbox.room();
  }

  /** The durable sums of its accounts. */
  books(): Promise<BookValues> {
    return this.#books.get();
  }

  /** Fingerprints of every id that the partition has, as lane and tag. */
  async ids(): Promise<Uint32Array> {
    return (await this.#ask('ids')) as Uint32Array;
  }

  /** Finishes what was accepted, writes a checkpoint and ends the thread. */
  async close(): Promise<void> {
    while (this.#isBusy()) {
      await new Promise<void>((resolve) => this.#idle.push(resolve));
    }
    this.#watchdog.stop();
    const state = this.#state;
    this.#state = { kind: 'closed' };
    try {
      if (state.kind === 'serving') await this.#thread?.run({ kind: 'close', epoch: state.epoch });
    } catch (cause) {
      const kept = 'the last checkpoint was not written; the journal has everything';
      const message = `${kept}: ${reasonOf(cause)}`;
      throw new EngineError('unavailable', message, { cause });
    } finally {
      await this.#thread?.destroy();
    }
  }

  /** A recovery is waited for: it would bring a closed partition back to life. */
  #isBusy(): boolean {
    if (this.#state.kind === 'failed') return false;
    if (this.#state.kind === 'recovering') return true;
    return this.#inFlight.size > 0 || this.#mailbox.batches > 0;
  }

  /** Ends the thread of a partition that nobody will be served from. */
  async abandon(): Promise<void> {
    await this.#recovery;
    this.#watchdog.stop();
    this.#state = { kind: 'closed' };
    await this.#thread?.destroy();
  }

  async #ask(kind: 'books' | 'ids'): Promise<unknown> {
    if (this.#state.kind === 'closed') throw closed();
    if (this.#state.kind !== 'serving') throw unavailable(`it is ${this.#state.kind}`);
    try {
      return await this.#thread?.run({ kind, epoch: this.#state.epoch });
    } catch (error) {
      throw unavailable('its thread failed', error);
    }
  }

  #flush(): void {
    while (this.#state.kind === 'serving' && this.#mayLeave()) {
      const batch = this.#mailbox.take();
      if (batch === undefined) return;
      this.#inFlight.add(batch);
      batch.left_ms = performance.now();
      void this.#send(batch, this.#state.epoch);
    }
  }

  /** A small batch waits for the one in flight: together they cost one commit. */
  #mayLeave(): boolean {
    if (this.#inFlight.size === 0) return true;
    if (this.#inFlight.size >= limits.partition_batches_in_flight) return false;
    return this.#mailbox.nextSize >= limits.batch_early_commands;
  }

  async #send(batch: Batch, epoch: number): Promise<void> {
    const task = {
      kind: 'turn',
      epoch,
      slot: batch.number,
      count: batch.callers.length,
      bytes: batch.end,
      time: this.#clock.now(),
    } as const;
    try {
      const result = (await this.#thread?.run(task)) as TurnResult;
      if (this.#inFlight.delete(batch)) this.#finish(batch, result);
    } catch (error) {
      void this.#fail(epoch, error);
    }
  }

  #finish(batch: Batch, { extras }: TurnResult): void {
    const residence_ms = performance.now() - batch.left_ms;
    batch.settle(extras);
    this.#mailbox.returned(batch, residence_ms);
    // Those who were answered may ask again at once: their next commands leave with the others.
    if (this.#mailbox.nextSize >= limits.batch_early_commands) this.#flush();
    else this.#flushSoon();
    this.#wake();
  }

  #wake(): void {
    this.#mailbox.wake();
    if (this.#inFlight.size === 0) for (const go of this.#idle.splice(0)) go();
  }

  /** P2 and P4: the outcome of what was in flight is unknown, and the disk decides. */
  async #fail(epoch: number, cause: unknown): Promise<void> {
    if (this.#state.kind !== 'serving' || this.#state.epoch !== epoch) return;
    this.#state = { kind: 'recovering', reason: reasonOf(cause) };
    this.#changed({ ...this.health(), cause });
    for (const batch of this.#inFlight) {
      batch.fail(unavailable('its thread failed', cause));
      this.#mailbox.recycle(batch);
    }
    this.#inFlight.clear();
    this.#recovery = this.#recover();
    await this.#recovery;
    this.#flush();
    this.#wake();
  }

  async #recover(): Promise<void> {
    try {
      await this.#lives.next(async (pause_ms) => {
        await this.#thread?.destroy();
        if (pause_ms > 0) await wait(pause_ms);
        this.#restarts += 1;
        await this.open();
      });
      this.#changed(this.health());
    } catch (error) {
      this.#giveUp(error);
    }
  }

  #giveUp(cause: unknown): void {
    const reason = reasonOf(cause);
    this.#state = { kind: 'failed', reason };
    this.#changed({ ...this.health(), cause });
    for (let batch = this.#mailbox.take(); batch !== undefined; batch = this.#mailbox.take()) {
      batch.fail(unavailable(reason));
      this.#mailbox.recycle(batch);
    }
  }

  /** Ends a thread whose oldest batch does not come back. */
  #watched(age_ms: number): void {
    this.#mailbox.watched(age_ms);
    if (age_ms < limits.commit_timeout_ms || this.#state.kind !== 'serving') return;
    void this.#fail(this.#state.epoch, new Error('a commit did not return in time'));
  }
}
