import { align8, type Bytes } from './bytes.js';
import { pack, unpack } from './request-record.js';
import type { Extra, Slot } from './slots.js';

/** The answer to a request: the player's version, the body, and messages to be delivered. */
export interface Reply {
  readonly version: number;
  readonly body: unknown;
  readonly messages?: readonly unknown[];
}

const NOT_HERE = -1;

/** Writes replies behind the batch's records in its slot; one that has no room travels beside. */
export class ReplyWriter {
  #bytes: Bytes | undefined;
  #end = 0;

  begin({ records }: Slot, from: number): void {
    this.#bytes = records;
    this.#end = align8(from);
  }

  /** Returns where the reply is, for the slot; or puts it into `extras`. */
  write(reply: Reply, index: number, extras: Extra[]): number {
    const packed = pack([reply.version, reply.body, reply.messages ?? null]);
    const bytes = this.#bytes as Bytes;
    const at = this.#end;
    if (at + 8 + packed.length > bytes.u8.length) {
      extras.push({ index, reply: packed });
      return NOT_HERE;
    }
    bytes.u32[at >> 2] = packed.length;
    bytes.u8.set(packed, at + 4);
    this.#end = align8(at + 4 + packed.length);
    return at;
  }
}

/** The reply to the command at `index`. */
export function readReply(slot: Slot, index: number, extra: Extra | undefined): Reply {
  const at = slot.balances[index] as number;
  const { u8, u32 } = slot.records;
  const packed =
    at === NOT_HERE
      ? extra?.reply
      : Buffer.from(u8.subarray(at + 4, at + 4 + (u32[at >> 2] as number)));
  const [version, body, messages] = unpack(packed) as [number, unknown, unknown[] | null];
  return messages === null ? { version, body } : { version, body, messages };
}
