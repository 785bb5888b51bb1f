import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type ChildEnd, endOf, howOf, isOfDamage } from '../partitions/child-end.js';
import { OpenError } from './errors.js';

const PROBE = fileURLToPath(new URL('../partitions/probe.js', import.meta.url));

/** Looks at the journals from a process of its own: a damaged file can end the one that maps it. */
export async function probeJournals(directories: readonly string[]): Promise<void> {
  mustExist(directories);
  const found = await runProbe(directories);
  if (found.end.code !== 0) throw refusalOf(directories, found);
}

/**
 * The same, and the checkpoints as well. A damaged one is set aside, and its directory returned: it
 * is a cache, and the journal is replayed in its place.
 */
export async function probePartitions(directories: readonly string[]): Promise<string[]> {
  mustExist(directories);
  const aside: string[] = [];
  for (;;) {
    const found = await runProbe(['--checkpoints', ...directories]);
    const { code } = found.end;
    const damaged = [...found.damaged];
    // What ended the process is what it was reading.
    if (isOfDamage(found.end) && found.reading !== undefined) damaged.push(found.reading);
    else if (code !== 0) throw refusalOf(directories, found);
    for (const directory of damaged) setAside(directory);
    aside.push(...damaged);
    if (code === 0) return aside;
  }
}

/**
 * Sets aside, whole, what a first start left of a partition when a power cut ended it and it cannot
 * be read: nobody was answered from it. What can be read is gone on with.
 */
export async function makeWay(directory: string): Promise<void> {
  if (!existsSync(directory)) return;
  try {
    await probePartitions([directory]);
  } catch (error) {
    if (!(error instanceof DamagedJournal)) throw error;
    const aside = `${directory}.cut-${Date.now()}`;
    renameSync(directory, aside);
    process.emitWarning(`a first start was cut short; what it left unreadable is now ${aside}`);
  }
}

function mustExist(directories: readonly string[]): void {
  for (const directory of directories) {
    if (!existsSync(directory)) throw new OpenError(`${directory} is missing`);
  }
}

/** A journal that is not what was written. */
class DamagedJournal extends OpenError {}

/** Damage is what the process says, or what ended it as it read; all else says nothing of the files. */
function refusalOf(directories: readonly string[], { fault, unreadable, end }: Found): OpenError {
  if (fault !== undefined) return new DamagedJournal(fault);
  if (unreadable !== undefined) return new OpenError(unreadable);
  const ended = `reading ${directories[0]} and its siblings ended a process ${howOf(end)}`;
  if (isOfDamage(end)) return new DamagedJournal(ended);
  const thrown = /^\w*Error.*: .+$/m.exec(end.stderr)?.[0];
  return new OpenError(thrown === undefined ? ended : `${ended}: ${thrown}`);
}

function setAside(directory: string): void {
  renameSync(join(directory, 'checkpoint'), join(directory, `checkpoint.damaged-${Date.now()}`));
}

/** What the process said (`probe.ts`), and how it ended. */
interface Found {
  readonly fault: string | undefined;
  readonly unreadable: string | undefined;
  readonly damaged: readonly string[];
  /** What it had begun to read last, and not found damaged. */
  readonly reading: string | undefined;
  readonly end: ChildEnd;
}

async function runProbe(args: readonly string[]): Promise<Found> {
  const child = spawn(process.execPath, [PROBE, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  if (child.pid === undefined) throw (await once(child, 'error'))[0];
  const stderr = endOf(child.stderr);
  let said = '';
  child.stdout.on('data', (text: Buffer) => {
    said += text.toString();
  });
  const [code, signal] = await once(child, 'close');
  return { ...read(said.trim().split('\n')), end: { code, signal, stderr: stderr() } };
}

function read(lines: readonly string[]): Omit<Found, 'end'> {
  const told = (word: string): string[] =>
    lines.filter((line) => line.startsWith(`${word} `)).map((line) => line.slice(word.length + 1));
  const [fault] = told('fault');
  const [unreadable] = told('unreadable');
  const [reading] = lines.at(-1)?.startsWith('reading ') ? told('reading').slice(-1) : [];
  return { fault, unreadable, damaged: told('damaged'), reading };
}
