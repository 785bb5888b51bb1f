import { faultOfDataFile } from './data-file.js';
import { journalDirectory, openJournal } from './journal.js';

/**
 * Looks at the journals of partition directories in a process of its own, which may crash over a
 * file that is damaged within: `node probe.js DIRECTORY …`. Prints the first fault and exits 1.
 */
async function probe(directory: string): Promise<string | undefined> {
  const path = journalDirectory(directory);
  const fault = faultOfDataFile(path);
  if (fault !== undefined) return fault;
  const journal = openJournal(path, { durability: 'disk', readOnly: true });
  const first = journal.read(1) === undefined;
  const last = journal.read(journal.last) === undefined;
  await journal.close();
  return first || last ? `${path} lacks its first or its last frame` : undefined;
}

for (const directory of process.argv.slice(2)) {
  const fault = await probe(directory);
  if (fault === undefined) continue;
  console.log(fault);
  process.exitCode = 1;
  break;
}
