import type { ExportedEntry } from '../engine/directory.js';

const columns = [
  'partition',
  'sequence',
  'time',
  'kind',
  'user',
  'currency',
  'amount',
  'balance_after',
  'version',
  'transaction_uuid',
  'request_uuid',
  'reference_transaction_uuid',
  'postings',
] as const satisfies readonly (keyof ExportedEntry)[];

export const csvHeader: string = columns.join(',');

/**
 * An entry as one line of CSV (RFC 4180); the postings are one cell of JSON. A text that begins as
 * what a spreadsheet runs has an apostrophe before it, and so has one that begins with that: who
 * reads the file takes one away.
 */
export function csvLine(entry: ExportedEntry): string {
  return columns.map((column) => cell(entry[column])).join(',');
}

function cell(value: unknown): string {
  if (value === undefined || value === null) return '';
  const text = textOf(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function textOf(value: unknown): string {
  if (typeof value === 'object') return JSON.stringify(value);
  if (typeof value === 'string' && /^[=+\-@\t\r']/.test(value)) return `'${value}`;
  return String(value);
}
