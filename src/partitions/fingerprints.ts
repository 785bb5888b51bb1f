import type { Bytes } from './bytes.js';
import { Hash } from './hash.js';
import { RECORD, userAt, userLength } from './record.js';

/** Records that are looked ahead to at once: what is fetched for them stays in the nearest cache. */
export const AHEAD = 32;

/**
 * Fingerprints of the users and ids of records. Those of the records that come next are made
 * together, so that what is stored under them can be fetched together: a look-up waits for memory
 * up to four times, mostly for what it has just read, and those of other records wait meanwhile.
 */
export class Fingerprints extends Hash {
  /** Of the records ahead, in the order in which they are asked for. */
  readonly users: Tags = makeTags();
  readonly ids: Tags = makeTags();
  readonly #starts = new Uint32Array(AHEAD);
  #bytes: Bytes | undefined;
  #count = 0;
  #next = 0;

  /**
   * Makes those of the records that begin at `starts`, in growing order and no more than `AHEAD`.
   * They hold until the next call, while the records are there unchanged.
   */
  lookAhead(bytes: Bytes, starts: readonly number[]): void {
    this.#bytes = undefined;
    this.#starts.set(starts);
    for (const [i, start] of starts.entries()) {
      this.user(bytes, start);
      note(this.users, i, this);
      this.id(bytes, start);
      note(this.ids, i, this);
    }
    this.#bytes = bytes;
    this.#count = starts.length;
    this.#next = 0;
  }

  /** How many records are ahead. */
  get count(): number {
    return this.#count;
  }

  /** Leaves the fingerprint of a record's user in `tag` and `lane`. */
  user(bytes: Bytes, start: number): void {
    if (this.#isAhead(bytes, start)) this.#take(this.users);
    else this.text(bytes, userAt(bytes, start), userLength(bytes, start));
  }

  /** Likewise of a record's own id. */
  id(bytes: Bytes, start: number): void {
    if (this.#isAhead(bytes, start)) this.#take(this.ids);
    else this.uuid(bytes, start + RECORD.transaction);
  }

  #isAhead(bytes: Bytes, start: number): boolean {
    if (bytes !== this.#bytes) return false;
    while (this.#next < this.#count && (this.#starts[this.#next] as number) < start) this.#next++;
    return this.#next < this.#count && this.#starts[this.#next] === start;
  }

  #take({ tags, lanes }: Tags): void {
    this.tag = tags[this.#next] as number;
    this.lane = lanes[this.#next] as number;
  }
}

export interface Tags {
  readonly tags: Uint32Array;
  readonly lanes: Uint32Array;
}

function makeTags(): Tags {
  return { tags: new Uint32Array(AHEAD), lanes: new Uint32Array(AHEAD) };
}

function note({ tags, lanes }: Tags, i: number, { tag, lane }: Hash): void {
  tags[i] = tag;
  lanes[i] = lane;
}
