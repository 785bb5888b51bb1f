import assert from 'node:assert/strict';
import { limits } from '../limits.js';
import { type Extra, RESULT, type Slot } from '../partitions/slots.js';
import { EngineError, unavailable } from './errors.js';

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
      try {
        const code = this.slot.codes[index];
        if (code === RESULT.noRoom) caller.fail(tag, noRoom());
        else if (code === RESULT.noTime) caller.fail(tag, noTime());
        else caller.settle(tag, this.slot, index, extra);
      } catch (error) {
        // The command was done, but nobody can say how: that is told to its caller alone.
        caller.fail(tag, unavailable('its result cannot be read', error));
      }
    }
  }

  fail(error: Error): void {
    for (const [index, caller] of this.callers.entries()) {
      caller.fail(this.tags[index] as number, error);
    }
  }
}

function noTime(): EngineError {
  return new EngineError('overloaded', 'too many long requests at once; nothing was done');
}

function noRoom(): EngineError {
  return new EngineError('storage_unavailable', 'the disk is almost full; nothing was done');
}
