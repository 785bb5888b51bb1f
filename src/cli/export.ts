import { once } from 'node:events';
import * as directory from '../engine/directory.js';
import { type Command, command, data } from './command.js';
import { csvHeader, csvLine } from './csv.js';
import { withProgress } from './progress.js';
import { filled, instant, oneOf } from './values.js';

const options = {
  data,
  format: {
    variable: 'PURSER_EXPORT_FORMAT',
    shows: 'ndjson|csv',
    help: "one JSON object a line, or a table: a ' begins what a spreadsheet could take for a formula",
    fallback: 'ndjson',
    read: oneOf(['ndjson', 'csv']),
  },
  user: {
    variable: 'PURSER_EXPORT_USER',
    shows: 'U',
    help: 'entries of this user alone',
    read: filled,
  },
  from: {
    variable: 'PURSER_EXPORT_FROM',
    shows: 'T',
    help: 'entries of this time and later, such as 2025-01-31T12:00:00Z',
    read: instant,
  },
  to: {
    variable: 'PURSER_EXPORT_TO',
    shows: 'T',
    help: 'entries of before this time',
    read: instant,
  },
} as const;

/** `purser export`: entries to stdout, oldest first, no faster than they are taken. */
export const exportEntries: Command = command(
  'writes the entries of a data directory, oldest first',
  options,
  async ({ data: path, format, user, from, to }) => {
    endQuietlyWithReader();
    const filter = { ...(user && { user }), ...(from && { from }), ...(to && { to }) };
    const entries = directory.exportEntries(path, filter);
    if (format === 'csv') await writeAll(entries, csvLine, csvHeader);
    else await writeAll(entries, (entry) => JSON.stringify(entry));
    return 0;
  },
);

/** Without a reader there is nothing left to do. */
function endQuietlyWithReader(): void {
  process.stdout.on('error', ({ code }: NodeJS.ErrnoException) => {
    if (code === 'EPIPE') process.exit(0);
  });
}

async function writeAll(
  entries: AsyncIterable<directory.ExportedEntry>,
  format: (entry: directory.ExportedEntry) => string,
  header?: string,
): Promise<void> {
  await withProgress(async (show) => {
    let done = 0;
    for await (const entry of entries) {
      if (done === 0) await writeHeader(header);
      await write(format(entry));
      done += 1;
      // Progress and entries on the same terminal would be unreadable.
      if (!process.stdout.isTTY) show({ what: 'entries', done });
    }
    if (done === 0) await writeHeader(header);
  });
}

/** Only once something could be read: what is no data directory has no table. */
async function writeHeader(header: string | undefined): Promise<void> {
  if (header !== undefined) await write(header);
}

async function write(line: string): Promise<void> {
  if (!process.stdout.write(`${line}\n`)) await once(process.stdout, 'drain');
}
