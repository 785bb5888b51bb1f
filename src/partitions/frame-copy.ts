import { type Bytes, viewBytes } from './bytes.js';

/**
 * For whoever walks a journal: the frame at hand, in memory of its own that the next one uses
 * again. Entries make a walk look others up, and a frame store then overwrites what it gave before.
 */
export class FrameCopy {
  #memory = new ArrayBuffer(0);

  /** `stored` has a whole number of eight bytes, as every checked frame has. */
  of(stored: Uint8Array): Bytes {
    const { length } = stored;
    if (length > this.#memory.byteLength) this.#memory = new ArrayBuffer(2 * length);
    const bytes = viewBytes(this.#memory, 0, length);
    bytes.u8.set(stored);
    return bytes;
  }
}
