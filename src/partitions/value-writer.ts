import { CODES } from './packed-codes.js';
import { shapeOf } from './shapes.js';

/** Texts up to this many units are copied unit by unit, as long as they are ASCII. */
const SHORT = 64;
const DEEPEST = 64;

const double = new Float64Array(1);
const doubleBytes = new Uint8Array(double.buffer);

/** A value of a kind, or so deep, that nobody could read it again. */
export class Unpackable extends Error {}

/** What would be beyond the end of `u8` is counted and not written. */
export class ValueWriter {
  #u8: Uint8Array = new Uint8Array(0);
  #at = 0;
  #depth = 0;

  write(u8: Uint8Array, at: number, value: unknown): number {
    this.#u8 = u8;
    this.#at = at;
    this.#depth = 0;
    this.#value(value);
    return this.#at;
  }

  #value(value: unknown): void {
    if (typeof value === 'string') this.#text(value);
    else if (typeof value === 'number') this.#number(value);
    else if (typeof value === 'boolean') this.#byte(value ? CODES.true : CODES.false);
    else if (value === null || value === undefined) this.#byte(CODES.null);
    else if (typeof value === 'object') this.#compound(value);
    else throw new Unpackable(`a ${typeof value} cannot be packed`);
  }

  #compound(value: object): void {
    this.#depth += 1;
    if (this.#depth > DEEPEST) throw new Unpackable('a value is nested too deeply to be packed');
    if (Array.isArray(value)) this.#list(value);
    else if (value instanceof Uint8Array) this.#bytes(value);
    else this.#object(value as Readonly<Record<string, unknown>>);
    this.#depth -= 1;
  }

  #list(values: readonly unknown[]): void {
    this.#head(values.length, CODES.fix_list, 15, CODES.list, 2);
    for (let i = 0; i < values.length; i++) this.#value(values[i]);
  }

  #bytes(value: Uint8Array): void {
    this.#head(value.length, CODES.bytes, -1, CODES.bytes, 1);
    this.#copy(value);
  }

  #object(value: Readonly<Record<string, unknown>>): void {
    const shape = shapeOf(value);
    if (shape === undefined) {
      this.#named(value);
      return;
    }
    this.#byte(CODES.shape + shape);
    for (const name in value) {
      const member = value[name];
      if (member !== undefined) this.#value(member);
    }
  }

  #named(value: Readonly<Record<string, unknown>>): void {
    const names = Object.keys(value).filter((name) => value[name] !== undefined);
    this.#head(names.length, CODES.fix_map, 15, CODES.map, 2);
    for (const name of names) {
      this.#text(name);
      this.#value(value[name]);
    }
  }

  #number(value: number): void {
    if (!Number.isInteger(value) || value > 0xffffffff || value < -0x80000000) this.#double(value);
    else if (value >= 0) {
      if (value < CODES.shape) this.#byte(value);
      else if (value < 0x100) this.#integer(CODES.unsigned, value, 1);
      else if (value < 0x10000) this.#integer(CODES.unsigned + 1, value, 2);
      else this.#integer(CODES.unsigned + 2, value, 4);
    } else if (value >= -0x20) this.#byte(value & 0xff);
    else if (value >= -0x80) this.#integer(CODES.signed, value, 1);
    else if (value >= -0x8000) this.#integer(CODES.signed + 1, value, 2);
    else this.#integer(CODES.signed + 2, value, 4);
  }

  #double(value: number): void {
    double[0] = value;
    this.#byte(CODES.double);
    for (let i = 7; i >= 0; i--) this.#byte(doubleBytes[i] as number);
  }

  /** A code and `size` bytes, big-endian. */
  #integer(code: number, value: number, size: number): void {
    this.#byte(code);
    for (let shift = 8 * (size - 1); shift >= 0; shift -= 8) this.#byte(value >>> shift);
  }

  #text(text: string): void {
    if (text.length > SHORT || !this.#ascii(text)) this.#longText(text);
  }

  /** Writes a short text; false when it has other characters, and nothing is there. */
  #ascii(text: string): boolean {
    const { length } = text;
    const start = this.#at;
    this.#head(length, CODES.fix_text, 31, CODES.text, 1);
    const u8 = this.#u8;
    const at = this.#at;
    for (let i = 0; i < length; i++) {
      const unit = text.charCodeAt(i);
      if (unit >= 0x80) {
        this.#at = start;
        return false;
      }
      u8[at + i] = unit;
    }
    this.#at = at + length;
    return true;
  }

  #longText(text: string): void {
    if (!text.isWellFormed()) throw new Unpackable('half a surrogate pair cannot be packed');
    const utf8 = Buffer.from(text);
    this.#head(utf8.length, CODES.fix_text, 31, CODES.text, 1);
    this.#copy(utf8);
  }

  /** A length: in the code itself up to `most`, else behind it in the fewest bytes from `least` on. */
  #head(length: number, fixed: number, most: number, code: number, least: 1 | 2): void {
    if (length <= most) this.#byte(fixed | length);
    else if (least === 1 && length < 0x100) this.#integer(code, length, 1);
    else if (length < 0x10000) this.#integer(code + 2 - least, length, 2);
    else this.#integer(code + 3 - least, length, 4);
  }

  #copy(bytes: Uint8Array): void {
    if (this.#at + bytes.length <= this.#u8.length) this.#u8.set(bytes, this.#at);
    this.#at += bytes.length;
  }

  #byte(byte: number): void {
    this.#u8[this.#at++] = byte;
  }
}
