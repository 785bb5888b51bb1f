import { backupDirectory } from '../engine/directory.js';
import { type Command, command, data } from './command.js';
import { withProgress } from './progress.js';
import { UsageError } from './usage.js';
import { filled } from './values.js';

const options = {
  data,
  to: { variable: 'PURSER_BACKUP_TO', shows: 'DIR', help: 'the directory to make', read: filled },
} as const;

/** `purser backup`: a copy that opens and verifies, also of a directory that is being served. */
export const backup: Command = command(
  'copies a data directory, also while it is served',
  options,
  async ({ data: from, to }) => {
    if (to === undefined) throw new UsageError('name the directory to make with --to DIR');
    await withProgress((show) => backupDirectory(from, to, show));
    process.stdout.write(`copied ${from} to ${to}\n`);
    return 0;
  },
);
