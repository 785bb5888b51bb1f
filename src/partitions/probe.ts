import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { CheckpointFault, openCheckpoints } from './checkpoint-store.js';
import { faultOfDataFile } from './data-file.js';
import { openJournal } from './journal.js';
import { journalDirectory } from './journal-file.js';

/**
 * Looks at partition directories in a process of its own, which may crash over a file that is
 * damaged within: `node probe.js [--checkpoints] DIRECTORY …`.
 *
 * The first fault of a journal is printed, and the exit code is 1. With `--checkpoints` every
 * checkpoint is read as well: its directory is printed as `reading DIRECTORY` before, and as
 * `damaged DIRECTORY` when it is not what was written.
 */
async function probeJournal(directory: string): Promise<string | undefined> {
  const path = journalDirectory(directory);
  const fault = faultOfDataFile(path);
  if (fault !== undefined) return fault;
  const journal = openJournal(path, { durability: 'disk', readOnly: true });
  const first = journal.read(1) === undefined;
  const last = journal.read(journal.last) === undefined;
  await journal.close();
  return first || last ? `${path} lacks its first or its last frame` : undefined;
}

async function probeCheckpoint(directory: string): Promise<boolean> {
  const path = join(directory, 'checkpoint');
  if (!existsSync(join(path, 'data.mdb'))) return true;
  if (faultOfDataFile(path) !== undefined) return false;
  const store = openCheckpoints(directory, 'disk', true);
  try {
    const { runs, parts } = store.read() ?? { runs: 0, parts: 0 };
    for (let run = 0; run < runs; run++) store.readRun(run);
    for (let part = 0; part < parts; part++) store.readPart(part);
    return true;
  } catch (error) {
    if (error instanceof CheckpointFault) return false;
    throw error;
  } finally {
    await store.close();
  }
}

async function probe(directories: readonly string[], checkpoints: boolean): Promise<void> {
  for (const directory of directories) {
    const fault = await probeJournal(directory);
    if (fault === undefined) continue;
    console.log(fault);
    process.exitCode = 1;
    return;
  }
  for (const directory of checkpoints ? directories : []) {
    console.log(`reading ${directory}`);
    if (!(await probeCheckpoint(directory))) console.log(`damaged ${directory}`);
  }
}

const args = process.argv.slice(2);
await probe(
  args.filter((arg) => arg !== '--checkpoints'),
  args.includes('--checkpoints'),
);
