import { limits } from '../limits.js';
import type { Bytes } from './bytes.js';
import { FrameFault, type FrameWriter, openFrame, readFrameHeader } from './frame.js';
import type { Journal } from './journal.js';

/** Every frame of the partition, the one being built included, for look-ups of single entries. */
export class FrameStore {
  readonly #journal: Journal;
  readonly #recent = new Map<number, Bytes>();
  #recentBytes = 0;
  #building: FrameWriter | undefined;

  constructor(journal: Journal) {
    this.#journal = journal;
  }

  /** Lets look-ups find the entries of a frame that is still being built. */
  build(frame: FrameWriter): void {
    this.#building = frame;
  }

  /** Keeps a finished frame in memory for a while. */
  keep(number: number, bytes: Bytes): void {
    if (this.#building?.number === number) this.#building = undefined;
    this.#recent.set(number, bytes);
    this.#recentBytes += bytes.u8.length;
    for (const [oldest, { u8 }] of this.#recent) {
      if (this.#recentBytes <= limits.recent_frames_bytes || oldest === number) break;
      this.#recent.delete(oldest);
      this.#recentBytes -= u8.length;
    }
  }

  /** A frame's bytes, checked when they come from the disk. */
  open(number: number): Bytes {
    if (this.#building?.number === number) return this.#building.bytes;
    const recent = this.#recent.get(number);
    if (recent !== undefined) return recent;
    const stored = this.#journal.read(number);
    if (stored === undefined) throw new FrameFault(`frame ${number} is missing`);
    const bytes = openFrame(stored);
    if (readFrameHeader(bytes).number !== number)
      throw new FrameFault(`frame ${number} is another`);
    this.keep(number, bytes);
    return bytes;
  }
}
