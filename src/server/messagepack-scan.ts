import { isUtf8 } from 'node:buffer';
import { limits } from './limits.js';
import { Problem } from './problems.js';
import { tooDeep } from './scan.js';

/**
 * Walks a MessagePack value without building it, so that a few bytes cannot claim a large array.
 * Returns how many members all maps have together, or throws `malformed_request`.
 */
export function scanMessagePack(bytes: Buffer): number {
  const scan = new Scan(bytes);
  scan.value(0);
  if (scan.at !== bytes.length) throw malformed('bytes follow its end');
  return scan.members;
}

/** The problem of a body that is no MessagePack, or more than JSON can say. */
export function malformed(detail: string): Problem {
  return new Problem('malformed_request', `The body is no plain MessagePack value: ${detail}.`);
}

/** Bytes after the first one of a value that holds no other: nil, booleans, floats, integers. */
const scalarBytes: Readonly<Record<number, number>> = {
  192: 0,
  194: 0,
  195: 0,
  202: 4,
  203: 8,
  204: 1,
  205: 2,
  206: 4,
  207: 8,
  208: 1,
  209: 2,
  210: 4,
  211: 8,
};

class Scan {
  at = 0;
  members = 0;
  readonly #bytes: Buffer;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  value(depth: number): void {
    const first = this.#unsigned(1);
    if (isText(first))
      this.#text(first < 0xc0 ? first & 0x1f : this.#unsigned(1 << (first - 0xd9)));
    else if (first >= 0x80 && first < 0x90) this.#map(first & 0x0f, depth);
    else if (first >= 0x90 && first < 0xa0) this.#array(first & 0x0f, depth);
    else if (first === 0xdc || first === 0xdd) this.#array(this.#count(first - 0xdc), depth);
    else if (first === 0xde || first === 0xdf) this.#map(this.#count(first - 0xde), depth);
    else if (first >= 0x80 && first < 0xe0) this.#scalar(first);
  }

  #map(size: number, depth: number): void {
    if (depth >= limits.nesting_levels) throw tooDeep();
    for (let member = 0; member < size; member += 1) {
      if (!isText(this.#bytes[this.at] ?? 0))
        throw malformed('a member has a name that is no text');
      this.value(depth + 1);
      this.value(depth + 1);
    }
    this.members += size;
  }

  #array(size: number, depth: number): void {
    if (depth >= limits.nesting_levels) throw tooDeep();
    for (let item = 0; item < size; item += 1) this.value(depth + 1);
  }

  #text(bytes: number): void {
    const start = this.at;
    this.#skip(bytes);
    if (!isUtf8(this.#bytes.subarray(start, this.at))) throw malformed('a text is not UTF-8');
  }

  #scalar(first: number): void {
    const bytes = scalarBytes[first];
    if (bytes === undefined) throw malformed('it has a type that JSON does not have');
    this.#skip(bytes);
  }

  /** A count of 16 bits (`wide` 0) or 32 bits (`wide` 1). */
  #count(wide: number): number {
    return this.#unsigned(2 << wide);
  }

  #unsigned(bytes: number): number {
    const start = this.at;
    this.#skip(bytes);
    return this.#bytes.readUIntBE(start, bytes);
  }

  #skip(bytes: number): void {
    this.at += bytes;
    if (this.at > this.#bytes.length) throw malformed('it ends too early');
  }
}

function isText(first: number): boolean {
  return (first >= 0xa0 && first < 0xc0) || (first >= 0xd9 && first <= 0xdb);
}
