import { limits } from '../limits.js';
import type { Slot } from '../partitions/slots.js';
import { Admission } from './admission.js';
import { Batch } from './batch.js';

/**
 * The bounded queue of one partition: batches that fill, wait, and come back to be filled. No more
 * of them wait than the partition answers in time, and fewer that lists have filled.
 */
export class Mailbox {
  readonly #slots: readonly Slot[];
  readonly #free: number[];
  readonly #waiting: Batch[] = [];
  readonly #admission = new Admission();
  #filling: Batch | undefined;
  #lists: (() => void)[] = [];

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

  /** The batch that takes the next command; undefined when as many wait as may. */
  open(): Batch | undefined {
    return this.#open(this.#admission.batches);
  }

  /** The same for a command of a list, which leaves room for others; undefined until `room`. */
  openForList(): Batch | undefined {
    return this.#open(this.#listBatches);
  }

  /** One fewer than may wait, so that a single command finds a place beside lists. */
  get #listBatches(): number {
    return Math.min(limits.bulk_batches, this.#admission.batches - 1);
  }

  /** How many commands are answered in time, with what is at the thread. */
  get promptCommands(): number {
    const batches = limits.partition_batches_in_flight + this.#admission.batches;
    return Math.min(limits.mailbox_batches, batches) * limits.batch_commands;
  }

  /** Resolves when few enough batches wait for a list to go on. */
  async room(): Promise<void> {
    if (!this.#hasRoom()) await new Promise<void>((resolve) => this.#lists.push(resolve));
  }

  #hasRoom(): boolean {
    return this.batches < this.#listBatches;
  }

  /** Lists that wait for room go on when there is some. */
  wake(): void {
    if (this.#hasRoom()) for (const go of this.#lists.splice(0)) go();
  }

  #open(most: number): Batch | undefined {
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

  /** Takes a batch back whose commands were answered, so long after it left. */
  returned(batch: Batch, residence_ms: number): void {
    this.#admission.returned(residence_ms);
    this.recycle(batch);
  }

  recycle(batch: Batch): void {
    this.#free.push(batch.number);
  }

  /** How long the oldest batch at the thread has been there, as far as it was watched. */
  watched(age_ms: number): void {
    this.#admission.watched(age_ms);
  }
}
