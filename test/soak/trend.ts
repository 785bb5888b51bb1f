const MIB = 1024 * 1024;

/**
 * What a transaction may cost for ever, bytes: 21 in the index and 9 in the claims at their lowest
 * loads ("Memory and disk" in ARCHITECTURE.md).
 */
export const OWN_BYTES = 30;

/**
 * What comes and goes in a partition: documents that wait for the next checkpoint (50,000 of them,
 * or those of 500,000 entries) and garbage. A run shorter than several checkpoints may end at the
 * top of such a wave; over hours it is little beside the transactions.
 */
export const WAVE_BYTES = 64 * MIB;

/** Memory when so many entries had been made. */
export interface Point {
  readonly entries: number;
  readonly bytes: number;
}

/** A line through points, by least squares. */
export interface Trend {
  readonly bytes_per_entry: number;
  readonly at: (entries: number) => number;
}

export function trendOf(points: readonly Point[]): Trend {
  const mean = (of: (point: Point) => number): number =>
    points.reduce((sum, point) => sum + of(point), 0) / points.length;
  const [x, y] = [mean(({ entries }) => entries), mean(({ bytes }) => bytes)];
  const together = mean(({ entries, bytes }) => (entries - x) * (bytes - y));
  const alone = mean(({ entries }) => (entries - x) ** 2);
  const slope = alone === 0 ? 0 : together / alone;
  return { bytes_per_entry: slope, at: (entries) => y + slope * (entries - x) };
}

/** Growth along the trend, and what it may be. */
export interface Verdict {
  readonly grown: number;
  readonly allowed: number;
}

export function judge(points: readonly Point[], partitions: number): Verdict {
  const entries = (points.at(-1)?.entries ?? 0) - (points[0]?.entries ?? 0);
  const grown = trendOf(points).bytes_per_entry * entries;
  return { grown, allowed: entries * OWN_BYTES + partitions * WAVE_BYTES };
}
