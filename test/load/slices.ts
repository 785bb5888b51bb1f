export const SLICE_MS = 100;

/** Slices of a time in which things are counted. */
export function slicesOf(duration_ms: number): number[] {
  return new Array(Math.ceil(duration_ms / SLICE_MS)).fill(0);
}

/** Counts one in the slice of this moment; what comes after the last one is not counted. */
export function countIn(slices: number[], at_ms: number): void {
  const slice = Math.floor(at_ms / SLICE_MS);
  if (slice < slices.length) slices[slice] = (slices[slice] ?? 0) + 1;
}

/** How many came a second. */
export function rateOf(slices: readonly number[]): number {
  return (sumOf(slices) / slices.length) * (1_000 / SLICE_MS);
}

/** When a second began that was, on average, as fast as it should be. */
export function backAfter_ms(slices: readonly number[], wanted: number): number | undefined {
  const window = 1_000 / SLICE_MS;
  for (let from = 0; from + window <= slices.length; from++) {
    if (sumOf(slices.slice(from, from + window)) >= wanted) return from * SLICE_MS;
  }
  return undefined;
}

function sumOf(slices: readonly number[]): number {
  return slices.reduce((sum, one) => sum + one, 0);
}
