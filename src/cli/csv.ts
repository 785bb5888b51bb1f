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

/** An entry as one line of CSV (RFC 4180); the postings are one cell of JSON. */
export function csvLine(entry: ExportedEntry): string {
  return columns.map((column) => cell(entry[column])).join(',');
}

function cell(value: unknown): string {
  if (value === undefined || value === null) return '';
  const text = typeof value === 'object' ? JSON.stringify(value) : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
