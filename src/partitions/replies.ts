import { align8, type Bytes } from './bytes.js';
import { pack } from './packing.js';
import type { Extra, ReadReply, Slot } from './slots.js';

/** The answer to a request: the player's version and the body. */
export interface Reply {
  readonly version: number;
  readonly body: unknown;
}

/** What an accepted request changed, from which whoever asked makes the answer. */
export interface GrantedReply {
  readonly version: number;
  readonly balance: number;
  /** What it posted to the player. */
  readonly moved: number;
  readonly time: number;
  /** As they are journaled. */
  readonly changes: Buffer;
}

const NOT_HERE = -1;
const HEAD_BYTES = 32;

/**
 * Writes replies behind the batch's records in its slot: four doubles (version, balance, moved,
 * time) and what the answer is made of: a packed body, or packed changes. One that has no
 * room travels beside.
 */
export class ReplyWriter {
  #bytes: Bytes | undefined;
  #end = 0;

  begin({ records }: Slot, from: number): void {
    this.#bytes = records;
    this.#end = align8(from);
  }

  /** Returns where the reply is, for the slot; or puts it into `extras`. */
  write({ version, body }: Reply, index: number, extras: Extra[]): number {
    return this.#write(version, 0, 0, 0, pack(body), index, extras);
  }

  writeGranted(reply: GrantedReply, index: number, extras: Extra[]): number {
    const { version, balance, moved, time, changes } = reply;
    return this.#write(version, balance, moved, time, changes, index, extras);
  }

  #write(
    version: number,
    balance: number,
    moved: number,
    time: number,
    content: Buffer,
    index: number,
    extras: Extra[],
  ): number {
    const bytes = this.#bytes as Bytes;
    const at = this.#end;
    if (at + HEAD_BYTES + content.length > bytes.u8.length) {
      // A view would be cloned with all the memory that it is of.
      const reply = { version, balance, moved, time, content: Buffer.from(content), at: 0 };
      extras.push({ index, reply });
      return NOT_HERE;
    }
    const word = at >> 3;
    bytes.f64[word] = version;
    bytes.f64[word + 1] = balance;
    bytes.f64[word + 2] = moved;
    bytes.f64[word + 3] = time;
    bytes.u8.set(content, at + HEAD_BYTES);
    this.#end = align8(at + HEAD_BYTES + content.length);
    return at;
  }
}

/** The reply to the command at `index`. */
export function readReply(slot: Slot, index: number, extra: Extra | undefined): ReadReply {
  const at = slot.balances[index] as number;
  if (at === NOT_HERE) {
    // A clone of a Buffer is none.
    const beside = extra?.reply as ReadReply;
    return { ...beside, content: Buffer.from(beside.content) };
  }
  const { u8, f64 } = slot.records;
  const word = at >> 3;
  return {
    version: f64[word] as number,
    balance: f64[word + 1] as number,
    moved: f64[word + 2] as number,
    time: f64[word + 3] as number,
    content: u8,
    at: at + HEAD_BYTES,
  };
}
