import { limits } from '../limits.js';
import { type Bytes, viewBytes } from './bytes.js';
import { checkFrame, FrameFault, readFrameHeader } from './frame.js';
import type { FrameWriter } from './frame-writer.js';
import type { Journal } from './journal.js';

/**
 * Every frame of the partition, the one being built included, for look-ups of single entries. The
 * last ones used are in one ring of memory: a frame is copied to where the ring goes on, and the
 * frames that were there are forgotten.
 */
export class FrameStore {
  readonly #journal: Journal;
  readonly #ring = new ArrayBuffer(limits.recent_frames_bytes);
  readonly #recent = new Map<number, Bytes>();
  /** What was kept, oldest first. To find its first key a map steps over all that was deleted lately. */
  #oldest: Kept | undefined;
  #newest: Kept | undefined;
  #next = 0;
  #building: FrameWriter | undefined;

  constructor(journal: Journal) {
    this.#journal = journal;
  }

  /** Lets look-ups find the entries of a frame that is still being built. */
  build(frame: FrameWriter): void {
    this.#building = frame;
  }

  /** Keeps a copy of a frame, until the ring has come round, and returns it. */
  keep(number: number, frame: Uint8Array): Bytes {
    if (this.#building?.number === number) this.#building = undefined;
    const bytes = this.#place(frame.length);
    bytes.u8.set(frame);
    this.#recent.set(number, bytes);
    const kept: Kept = { number, bytes, after: undefined };
    if (this.#newest === undefined) this.#oldest = kept;
    else this.#newest.after = kept;
    this.#newest = kept;
    return bytes;
  }

  /** The next `length` bytes of the ring; a frame longer than a quarter of it stays outside. */
  #place(length: number): Bytes {
    const end = limits.recent_frames_bytes;
    if (length > end / 4) return viewBytes(new ArrayBuffer(length), 0, length);
    if (this.#next + length > end) {
      this.#forget(this.#next, end);
      this.#next = 0;
    }
    this.#forget(this.#next, this.#next + length);
    this.#next += length;
    return viewBytes(this.#ring, this.#next - length, length);
  }

  /** Forgets the frames that begin in a stretch of the ring: the oldest, for it goes round. */
  #forget(from: number, to: number): void {
    for (let kept = this.#oldest; kept !== undefined; kept = this.#oldest) {
      const { number, bytes, after } = kept;
      const inside = bytes.u8.byteOffset >= from && bytes.u8.byteOffset < to;
      if (bytes.u8.buffer === this.#ring && !inside) return;
      // It may have been kept again since.
      if (this.#recent.get(number) === bytes) this.#recent.delete(number);
      // Old garbage would keep what came after it in memory.
      kept.after = undefined;
      this.#oldest = after;
      if (after === undefined) this.#newest = undefined;
    }
  }

  /** Whether the journal has a frame of this number. */
  has(number: number): boolean {
    return number > 0 && number <= this.#journal.last;
  }

  /**
   * A frame's bytes, checked when they come from the disk; good until the next call, which may put
   * another frame in their place.
   */
  open(number: number): Bytes {
    if (this.#building?.number === number) return this.#building.bytes;
    const recent = this.#recent.get(number);
    if (recent !== undefined) return recent;
    const bytes = this.keep(number, readChecked(this.#journal, number));
    if (readFrameHeader(bytes).number !== number)
      throw new FrameFault(`frame ${number} is another`);
    return bytes;
  }
}

/** The bytes of a frame as the journal gives them; a fault is thrown with the frame's number. */
export function readChecked(journal: Journal, number: number): Uint8Array {
  const stored = journal.read(number);
  if (stored === undefined) throw new FrameFault(`frame ${number} is missing`);
  try {
    checkFrame(stored);
  } catch (cause) {
    if (!(cause instanceof FrameFault)) throw cause;
    throw new FrameFault(`frame ${number} ${cause.message}`, { cause });
  }
  return stored;
}

/** A frame that was kept, and the one that was kept next. */
interface Kept {
  readonly number: number;
  readonly bytes: Bytes;
  after: Kept | undefined;
}
