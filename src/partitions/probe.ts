import { join } from 'node:path';
import { CheckpointFault, type CheckpointStore, openCheckpoints } from './checkpoint-store.js';
import { faultOfDataFile, hasDataFile } from './data-file.js';
import { reasonOf } from './fault.js';
import { openJournal } from './journal.js';
import { journalDirectory } from './journal-file.js';
import { refuseUnreadable, Unreadable } from './unreadable.js';
import { openStill } from './visit.js';

/**
 * Looks at partition directories in a process of its own, which may crash over a file that is
 * damaged within: `node probe.js [--checkpoints] DIRECTORY …`. It prints a line for what it finds:
 *
 *   fault TEXT          a journal is damaged; the first one, and the exit code is 1
 *   unreadable TEXT     the system does not let a file be read; the exit code is 1
 *   reading DIRECTORY   with `--checkpoints`, before the checkpoint there is read
 *   damaged DIRECTORY   that checkpoint is not what was written
 */
async function probeJournal(directory: string): Promise<string | undefined> {
  const path = journalDirectory(directory);
  const fault = faultOfDataFile(path);
  if (fault !== undefined) return fault;
  try {
    const journal = await openStill(directory, () => {
      return openJournal(path, { durability: 'disk', readOnly: true });
    });
    const first = journal.read(1) === undefined;
    const last = journal.read(journal.last) === undefined;
    await journal.close();
    return first || last ? `${path} lacks its first or its last frame` : undefined;
  } catch (error) {
    refuseUnreadable(path, error);
    return `${path} cannot be read: ${reasonOf(error)}`;
  }
}

async function probeCheckpoint(directory: string): Promise<boolean> {
  const path = join(directory, 'checkpoint');
  if (!hasDataFile(path)) return true;
  if (faultOfDataFile(path) !== undefined) return false;
  let store: CheckpointStore | undefined;
  try {
    store = await openStill(directory, () => openCheckpoints(directory, 'disk', true));
    const { runs, parts } = store.read() ?? { runs: 0, parts: 0 };
    for (let run = 0; run < runs; run++) store.readRun(run);
    for (let part = 0; part < parts; part++) store.readPart(part);
    return true;
  } catch (error) {
    refuseUnreadable(path, error);
    // What LMDB does not understand was not written so.
    if (error instanceof CheckpointFault || isOfStore(error)) return false;
    throw error;
  } finally {
    await store?.close();
  }
}

/** LMDB's errors have a number for a code. */
function isOfStore(error: unknown): boolean {
  return error instanceof Error && 'code' in error && typeof error.code === 'number';
}

async function probe(directories: readonly string[], checkpoints: boolean): Promise<void> {
  for (const directory of directories) {
    const fault = await probeJournal(directory);
    if (fault === undefined) continue;
    console.log(`fault ${fault}`);
    process.exitCode = 1;
    return;
  }
  for (const directory of checkpoints ? directories : []) {
    console.log(`reading ${directory}`);
    if (!(await probeCheckpoint(directory))) console.log(`damaged ${directory}`);
  }
}

const args = process.argv.slice(2);
try {
  await probe(
    args.filter((arg) => arg !== '--checkpoints'),
    args.includes('--checkpoints'),
  );
} catch (error) {
  if (!(error instanceof Unreadable)) throw error;
  console.log(`unreadable ${error.message}`);
  process.exitCode = 1;
}
