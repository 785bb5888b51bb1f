import assert from 'node:assert/strict';
import { limits } from '../limits.js';
import { type Extra, RESULT, type Slot } from '../partitions/slots.js';
import { EngineError } from './errors.js';

/** Whoever waits for a command's result. `tag` is the caller's own number for it. */
export interface Caller {
  settle(tag: number, slot: Slot, index: number, extra: Extra | undefined): void;
  fail(tag: number, error: Error): void;
}

/** Commands that travel together, in the order in which they came. */
export class Batch {
  readonly number: number;
  readonly slot: Slot;
  readonly callers: Caller[] = [];
  readonly tags: number[] = [];
  /** When it left for the thread, on the clock of `performance.now()`. */
  left_ms = 0;
  /** Where the next record begins. */
  end = 0;

  constructor(number: number, slot: Slot) {
    this.number = number;
    this.slot = slot;
  }

  get full(): boolean {
    return this.callers.length >= limits.batch_commands || this.end >= limits.batch_full_bytes;
  }

  /** Takes the record that was written at `end`. */
  add(caller: Caller, tag: number, end: number): void {
    assert.ok(end <= limits.batch_slot_bytes);
    this.callers.push(caller);
    this.tags.push(tag);
    this.end = end;
  }

  settle(extras: readonly Extra[]): void {
    let next = 0;
    for (let index = 0; index < this.callers.length; index++) {
      let extra: Extra | undefined;
      if (extras[next]?.index === index) extra = extras[next++];
      const caller = this.callers[index] as Caller;
      const tag = this.tags[index] as number;
      if (this.slot.codes[index] === RESULT.noRoom) caller.fail(tag, noRoom());
      else caller.settle(tag, this.slot, index, extra);
    }
  }

  fail(error: Error): void {
    for (const [index, caller] of this.callers.entries()) {
      caller.fail(this.tags[index] as number, error);
    }
  }
}

function noRoom(): EngineError {
  return new EngineError('storage_unavailable', 'the disk is almost full; nothing was done');
}

/** The bounded queue of one partition: batches that fill, wait, and come back to be filled. */
export class Mailbox {
  readonly #slots: readonly Slot[];
  readonly #free: number[];
  readonly #waiting: Batch[] = [];
  #filling: Batch | undefined;

  constructor(slots: readonly Slot[]) {
    this.#slots = slots;
    this.#free = slots.map((_, number) => number).reverse();
  }

  /** Commands that wait here; not those of batches that were taken out. */
  get waiting(): number {
    const sum = (total: number, batch: Batch): number => total + batch.callers.length;
    return this.#waiting.reduce(sum, this.#filling?.callers.length ?? 0);
  }

  /** How many batches wait, full or not. */
  get batches(): number {
    // One that was opened for a command which then did not come has nobody waiting.
    return this.#waiting.length + ((this.#filling?.callers.length ?? 0) === 0 ? 0 : 1);
  }

  /** The batch that takes the next command; undefined when `most` or all slots are taken. */
  open(most: number): Batch | undefined {
    if (this.#filling !== undefined) {
      if (!this.#filling.full) return this.#filling;
      if (this.#waiting.length + 1 >= most) return undefined;
    }
    const number = this.#free.pop();
    if (number === undefined) return undefined;
    if (this.#filling !== undefined) this.#waiting.push(this.#filling);
    this.#filling = new Batch(number, this.#slots[number] as Slot);
    return this.#filling;
  }

  /** Commands in the batch that would leave next. */
  get nextSize(): number {
    return (this.#waiting[0] ?? this.#filling)?.callers.length ?? 0;
  }

  /** Takes out the oldest batch. Its slot is used again when it is `recycled`. */
  take(): Batch | undefined {
    const batch = this.#waiting.shift();
    if (batch !== undefined) return batch;
    const filling = this.#filling;
    if (filling === undefined || filling.callers.length === 0) return undefined;
    this.#filling = undefined;
    return filling;
  }

  recycle(batch: Batch): void {
    this.#free.push(batch.number);
  }
}
