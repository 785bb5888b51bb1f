const SMALLEST_MS = 0.01;
const STEP = Math.log(1.04);
const BUCKETS = 400;

/** Durations in buckets of 4 percent, which a process can tell another. */
export class Histogram {
  readonly counts: number[];
  highest_ms: number;

  constructor({ counts, highest_ms }: Told = { counts: [], highest_ms: 0 }) {
    this.counts = counts.length > 0 ? [...counts] : new Array(BUCKETS).fill(0);
    this.highest_ms = highest_ms;
  }

  get total(): number {
    return this.counts.reduce((sum, count) => sum + count, 0);
  }

  add(duration_ms: number): void {
    const place = Math.ceil(Math.log(Math.max(duration_ms, SMALLEST_MS) / SMALLEST_MS) / STEP);
    const bucket = Math.min(place, BUCKETS - 1);
    this.counts[bucket] = (this.counts[bucket] ?? 0) + 1;
    this.highest_ms = Math.max(this.highest_ms, duration_ms);
  }

  merge({ counts, highest_ms }: Told): void {
    for (const [bucket, count] of counts.entries()) {
      this.counts[bucket] = (this.counts[bucket] ?? 0) + count;
    }
    this.highest_ms = Math.max(this.highest_ms, highest_ms);
  }

  /** The duration that this share of them did not exceed; NaN of nothing. */
  quantile_ms(share: number): number {
    let left = Math.ceil(this.total * share);
    if (left === 0) return Number.NaN;
    for (const [bucket, count] of this.counts.entries()) {
      left -= count;
      if (left <= 0) return Math.min(SMALLEST_MS * Math.exp(bucket * STEP), this.highest_ms);
    }
    return this.highest_ms;
  }
}

/** What a histogram is between processes. */
export interface Told {
  readonly counts: readonly number[];
  readonly highest_ms: number;
}

/** A duration as a table shows it. */
export function milliseconds(duration_ms: number): string {
  if (Number.isNaN(duration_ms)) return '–';
  return `${duration_ms.toFixed(duration_ms < 10 ? 1 : 0)} ms`;
}
