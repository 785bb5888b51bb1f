import { limits } from '../limits.js';
import type { Bytes } from './bytes.js';

const REMEMBERED = 64;

/** Texts of the eight-byte currency codes; the few that are in use are made once. */
export class Currencies {
  readonly #low: number[] = [];
  readonly #high: number[] = [];
  readonly #texts: string[] = [];

  /** The code at a multiple of 4; what is no code gives a text that no account has. */
  read({ u8, u32 }: Bytes, at: number): string {
    const low = u32[at >> 2] as number;
    const high = u32[(at >> 2) + 1] as number;
    for (let i = 0; i < this.#texts.length; i++) {
      if (this.#low[i] === low && this.#high[i] === high) return this.#texts[i] as string;
    }
    const text = u8.toString('latin1', at, at + limits.currency_bytes).replace(/\0+$/, '');
    if (this.#texts.length < REMEMBERED) {
      this.#low.push(low);
      this.#high.push(high);
      this.#texts.push(text);
    }
    return text;
  }
}

/** Writes a code of up to eight ASCII characters; what is none gets bytes that no account has. */
export function writeCurrency(u8: Uint8Array, at: number, code: string): void {
  const good = isCurrency(code);
  for (let i = 0; i < limits.currency_bytes; i++) {
    if (good) u8[at + i] = i < code.length ? code.charCodeAt(i) : 0;
    else u8[at + i] = 0xff;
  }
}

function isCurrency(code: string): boolean {
  if (code.length === 0 || code.length > limits.currency_bytes) return false;
  for (let i = 0; i < code.length; i++) {
    const unit = code.charCodeAt(i);
    if (unit <= 0x20 || unit >= 0x7f) return false;
  }
  return true;
}
