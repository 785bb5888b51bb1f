/** One stretch of memory seen as bytes, 32-bit words and doubles; all little-endian. */
export interface Bytes {
  readonly u8: Buffer;
  readonly u32: Uint32Array;
  readonly f64: Float64Array;
}

/** Views over `length` bytes of a buffer; `start` and `length` are multiples of 8. */
export function viewBytes(buffer: ArrayBufferLike, start: number, length: number): Bytes {
  return {
    u8: Buffer.from(buffer as ArrayBuffer, start, length),
    u32: new Uint32Array(buffer, start, length / 4),
    f64: new Float64Array(buffer, start, length / 8),
  };
}

export function allocateBytes(length: number): Bytes {
  return viewBytes(new ArrayBuffer(align8(length)), 0, align8(length));
}

/** The next multiple of 8. */
export function align8(length: number): number {
  return (length + 7) & ~7;
}

/** Whether `length` bytes are the same in both places. */
export function sameBytes(
  a: Uint8Array,
  aStart: number,
  b: Uint8Array,
  bStart: number,
  length: number,
): boolean {
  for (let i = 0; i < length; i++) if (a[aStart + i] !== b[bStart + i]) return false;
  return true;
}

/** Whether the 16 bytes of two uuids, both at multiples of 4, are the same. */
export function sameUuid(a: Bytes, aStart: number, b: Bytes, bStart: number): boolean {
  const i = aStart >> 2;
  const j = bStart >> 2;
  return (
    a.u32[i] === b.u32[j] &&
    a.u32[i + 1] === b.u32[j + 1] &&
    a.u32[i + 2] === b.u32[j + 2] &&
    a.u32[i + 3] === b.u32[j + 3]
  );
}
