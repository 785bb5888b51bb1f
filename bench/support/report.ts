import { cpus } from 'node:os';

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

/** The median of each round's figure against that of another in the same round. */
export function ratio(values: readonly number[], others: readonly number[]): string {
  return median(values.map((value, i) => value / (others[i] ?? Number.NaN))).toFixed(2);
}

export function thousands(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}

/** Lowest, median and highest of several runs. */
export function spread(values: readonly number[]): string {
  const ordered = [Math.min(...values), median(values), Math.max(...values)];
  return ordered.map(thousands).join(' / ');
}

/** A line that says what the figures were measured on. */
export function conditions(): string {
  const list = cpus();
  const date = new Date().toISOString().slice(0, 10);
  return `${date}, Node ${process.version}, ${list.length} cores (${list[0]?.model.trim()})`;
}

/** A table in Markdown, so that a report can be put into a document as it is. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}
