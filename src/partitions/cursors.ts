import { hash } from 'node:crypto';
import { pack, unpack } from './packing.js';

const MAC_BYTES = 8;

/**
 * Where a list goes on, as text that only its own list accepts: it is bound to the player, the
 * list and its filters.
 */
export class Cursors {
  readonly #seed: Uint8Array;

  constructor(seed: Uint8Array) {
    this.#seed = seed;
  }

  write(list: string, place: unknown): string {
    const body = pack(place);
    return Buffer.concat([this.#mac(list, body), body]).toString('base64url');
  }

  /** What `write` was given; undefined for every other text. */
  read(list: string, cursor: string): unknown {
    const bytes = Buffer.from(cursor, 'base64url');
    if (bytes.length <= MAC_BYTES || bytes.toString('base64url') !== cursor) return undefined;
    const body = bytes.subarray(MAC_BYTES);
    return this.#mac(list, body).equals(bytes.subarray(0, MAC_BYTES)) ? unpack(body) : undefined;
  }

  #mac(list: string, body: Buffer): Buffer {
    const content = Buffer.concat([this.#seed, Buffer.from(`${list.length}:${list}`), body]);
    return hash('sha256', content, 'buffer').subarray(0, MAC_BYTES);
  }
}
