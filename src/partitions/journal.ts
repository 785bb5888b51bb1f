import assert from 'node:assert/strict';
import {
  type JournalFile,
  type JournalOptions,
  type NumberedFrame,
  openJournalFile,
} from './journal-file.js';

/** The journal in a directory, as it was left. */
export function openJournal(directory: string, options: JournalOptions): Journal {
  return new Journal(openJournalFile(directory, options));
}

/**
 * The journal of one partition: frames under ever-growing numbers, committed in groups.
 *
 * J1 One commit is in flight. Frames that come meanwhile wait, and share the next commit.
 * J2 A frame is durable when `append` resolves: its file has synced it.
 * J3 A number is used once: an append at or below the last number fails (fencing).
 * J4 After a failure nothing more is appended: memory may be ahead of the disk.
 * J5 What is there at the beginning is durable: whoever opened the file has synced it.
 * J6 A frame can be read from its append on: a turn may need what an earlier one did.
 */
export class Journal {
  readonly #file: JournalFile;
  #last: number;
  readonly #waiting: NumberedFrame[] = [];
  #committing: readonly NumberedFrame[] = [];
  /** The commit in flight, or the last one; the one that follows it, when frames wait. */
  #current: Promise<void> = Promise.resolve();
  #next: Promise<void> | undefined;

  constructor(file: JournalFile) {
    this.#file = file;
    this.#last = file.last;
  }

  /** The last frame's number; 0 when there is none. */
  get last(): number {
    return this.#last;
  }

  append(number: number, frame: Buffer): Promise<void> {
    assert.equal(number, this.#last + 1, 'frames have no gaps');
    this.#last = number;
    this.#waiting.push({ number, frame });
    this.#next ??= this.#commitNext();
    return this.#next;
  }

  /** Resolves when every frame appended so far is durable. */
  durable(): Promise<void> {
    return this.#next ?? this.#current;
  }

  /** J1 and J4: begins when the commit in flight has ended, and never after one that failed. */
  async #commitNext(): Promise<void> {
    await this.#current;
    this.#committing = this.#waiting.splice(0);
    this.#next = undefined;
    this.#current = this.#commit(this.#committing);
    return this.#current;
  }

  async #commit(frames: readonly NumberedFrame[]): Promise<void> {
    if (!(await this.#file.commit(frames))) {
      throw new Error(`frame ${frames[0]?.number} is in the journal already: a second writer?`);
    }
    this.#committing = [];
  }

  /** J6: the bytes of a frame; good until the next call. */
  read(number: number): Uint8Array | undefined {
    const isIt = (one: NumberedFrame): boolean => one.number === number;
    const unstored = this.#committing.find(isIt) ?? this.#waiting.find(isIt);
    return unstored?.frame ?? this.#file.read(number);
  }

  /** Whether the disk has room for more, and for so many bytes beside it. */
  hasRoom(beside_bytes = 0): boolean {
    return this.#file.hasRoom(beside_bytes);
  }

  async close(): Promise<void> {
    await this.durable().catch(() => {});
    await this.#file.close();
  }
}
