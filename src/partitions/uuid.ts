/** Value of each ASCII hex digit; 16 added for a capital; 64 for what is no digit. */
const DIGITS = new Uint8Array(128).fill(64);
for (let digit = 0; digit < 16; digit++) {
  const text = digit.toString(16);
  DIGITS[text.toUpperCase().charCodeAt(0)] = digit | 16;
  DIGITS[text.charCodeAt(0)] = digit;
}

/** Where in the text each of the 16 bytes has its two digits. */
const PLACES = Uint8Array.of(0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34);
const DASH = 45;
const TEXT_LENGTH = 36;

export const NO_UUID = 64;
export const CAPITALS = 16;

/**
 * Writes the 16 bytes of a uuid in its 8-4-4-4-12 text, of either case. Returns 0, `CAPITALS`
 * when some digit was a capital, or a number from `NO_UUID` up (the bytes are then garbage).
 */
export function writeUuid(u8: Uint8Array, at: number, text: string): number {
  if (text.length !== TEXT_LENGTH) return NO_UUID;
  if (
    text.charCodeAt(8) !== DASH ||
    text.charCodeAt(13) !== DASH ||
    text.charCodeAt(18) !== DASH ||
    text.charCodeAt(23) !== DASH
  ) {
    return NO_UUID;
  }
  let seen = 0;
  for (let i = 0; i < 16; i++) {
    const place = PLACES[i] as number;
    // A character beyond ASCII reads undefined, which `| NO_UUID` below turns into a fault.
    const high = DIGITS[text.charCodeAt(place)] ?? NO_UUID;
    const low = DIGITS[text.charCodeAt(place + 1)] ?? NO_UUID;
    seen |= high | low;
    u8[at + i] = ((high & 15) << 4) | (low & 15);
  }
  return seen >= NO_UUID ? NO_UUID : seen & CAPITALS;
}

const HEX: readonly string[] = Array.from({ length: 256 }, (_, byte) =>
  byte.toString(16).padStart(2, '0'),
);

/** The lower-case text of the 16 bytes at `at`. */
export function readUuid(u8: Uint8Array, at: number): string {
  let text = '';
  for (let i = 0; i < 16; i++) {
    text += HEX[u8[at + i] as number];
    if (i === 3 || i === 5 || i === 7 || i === 9) text += '-';
  }
  return text;
}
