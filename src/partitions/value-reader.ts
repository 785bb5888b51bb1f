import { CODES } from './packed-codes.js';
import { type Next, shapes } from './shapes.js';

const double = new Float64Array(1);
const doubleBytes = new Uint8Array(double.buffer);

/** Texts of up to this many bytes are mostly the same few: they are looked up before they are made. */
const KNOWN_BYTES = 16;
const KNOWN = 1024;

export class ValueReader {
  #bytes: Buffer = Buffer.alloc(0);
  #at = 0;
  readonly #known: string[] = new Array(KNOWN).fill('');
  readonly #next: Next = () => this.#value();

  /** The value at `at`. */
  read(bytes: Buffer, at: number): unknown {
    this.#bytes = bytes;
    this.#at = at;
    return this.#value();
  }

  /** Goes on over a text, without making it. */
  textEnd(bytes: Buffer, at: number): number {
    this.#bytes = bytes;
    this.#at = at;
    const code = this.#byte();
    if (code >= CODES.fix_text && code < CODES.null) this.#take(code & 31);
    else if (code >= CODES.text && code <= CODES.text + 2) {
      this.#take(this.#unsigned(1 << (code - CODES.text)));
    } else throw new RangeError(`no text begins with ${code}`);
    return this.#at;
  }

  /** Where what was read last ends. */
  get at(): number {
    return this.#at;
  }

  #value(): unknown {
    const code = this.#byte();
    if (code < CODES.shape) return code;
    if (code < CODES.fix_map) return this.#shaped(code - CODES.shape);
    if (code < CODES.fix_list) return this.#object(code & 15);
    if (code < CODES.fix_text) return this.#list(code & 15);
    if (code < CODES.null) return this.#text(code & 31);
    return code >= CODES.negative ? code - 0x100 : this.#other(code);
  }

  #other(code: number): unknown {
    switch (code) {
      case CODES.null:
        return null;
      case CODES.false:
        return false;
      case CODES.true:
        return true;
      case CODES.double:
        return this.#double();
      case CODES.unsigned:
        return this.#byte();
      case CODES.unsigned + 1:
        return this.#unsigned(2);
      case CODES.unsigned + 2:
        return this.#unsigned(4);
      case CODES.signed:
        return (this.#unsigned(1) << 24) >> 24;
      case CODES.signed + 1:
        return (this.#unsigned(2) << 16) >> 16;
      case CODES.signed + 2:
        return this.#unsigned(4) | 0;
      default:
        return this.#long(code);
    }
  }

  #long(code: number): unknown {
    switch (code) {
      case CODES.bytes:
        return this.#copy(this.#unsigned(1));
      case CODES.bytes + 1:
        return this.#copy(this.#unsigned(2));
      case CODES.bytes + 2:
        return this.#copy(this.#unsigned(4));
      case CODES.text:
        return this.#text(this.#unsigned(1));
      case CODES.text + 1:
        return this.#text(this.#unsigned(2));
      case CODES.text + 2:
        return this.#text(this.#unsigned(4));
      case CODES.list:
        return this.#list(this.#unsigned(2));
      case CODES.list + 1:
        return this.#list(this.#unsigned(4));
      case CODES.map:
        return this.#object(this.#unsigned(2));
      case CODES.map + 1:
        return this.#object(this.#unsigned(4));
      default:
        throw new RangeError(`no packed value begins with ${code}`);
    }
  }

  #shaped(shape: number): object {
    const make = shapes[shape];
    if (make === undefined) throw new RangeError(`there is no shape ${shape}`);
    return make(this.#next);
  }

  #object(members: number): object {
    const object: Record<string, unknown> = {};
    for (let i = 0; i < members; i++) {
      const name = String(this.#value());
      const value = this.#value();
      if (name !== '__proto__') object[name] = value;
      else Object.defineProperty(object, name, { ...PLAIN, value });
    }
    return object;
  }

  #list(length: number): unknown[] {
    const list: unknown[] = [];
    for (let i = 0; i < length; i++) list.push(this.#value());
    return list;
  }

  #text(length: number): string {
    const start = this.#take(length);
    if (length > KNOWN_BYTES) return this.#bytes.toString('utf8', start, start + length);
    if (length === 0) return '';
    const bytes = this.#bytes;
    let hash = length;
    for (let i = 0; i < length; i++)
      hash = Math.imul(hash ^ (bytes[start + i] as number), 0x01000193);
    const place = (hash ^ (hash >>> 15)) & (KNOWN - 1);
    const known = this.#known[place] as string;
    if (known.length === length && isAt(known, bytes, start)) return known;
    const text = bytes.toString('utf8', start, start + length);
    // Of one byte a unit, so that it can be compared with bytes.
    if (text.length === length) this.#known[place] = text;
    return text;
  }

  #copy(length: number): Buffer {
    const start = this.#take(length);
    return Buffer.from(this.#bytes.subarray(start, start + length));
  }

  #double(): number {
    const start = this.#take(8);
    for (let i = 0; i < 8; i++) doubleBytes[7 - i] = this.#bytes[start + i] as number;
    return double[0] as number;
  }

  #unsigned(size: number): number {
    const start = this.#take(size);
    let value = 0;
    for (let i = 0; i < size; i++) value = value * 256 + (this.#bytes[start + i] as number);
    return value;
  }

  #byte(): number {
    return this.#bytes[this.#take(1)] as number;
  }

  /** Goes on over `length` bytes, which must be there, and returns where they begin. */
  #take(length: number): number {
    const start = this.#at;
    this.#at = start + length;
    if (this.#at > this.#bytes.length) throw new RangeError('a packed value is cut off');
    return start;
  }
}

const PLAIN = { enumerable: true, writable: true, configurable: true } as const;

/** Whether ASCII stands at a place: a text with other characters is never the same. */
function isAt(text: string, bytes: Buffer, start: number): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) !== bytes[start + i]) return false;
  return true;
}
