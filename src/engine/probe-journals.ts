import { spawn } from 'node:child_process';
import { existsSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { OpenError } from './errors.js';

const PROBE = fileURLToPath(new URL('../partitions/probe.js', import.meta.url));

/** Looks at the journals from a process of its own: a damaged file can end the one that maps it. */
export async function probeJournals(directories: readonly string[]): Promise<void> {
  mustExist(directories);
  const { code, said, how } = await runProbe(directories);
  if (code !== 0) throw faultOf(directories, said, how);
}

/**
 * The same, and the checkpoints as well. A damaged one is set aside, and its directory returned: it
 * is a cache, and the journal is replayed in its place.
 */
export async function probePartitions(directories: readonly string[]): Promise<string[]> {
  mustExist(directories);
  const aside: string[] = [];
  for (;;) {
    const { code, said, how } = await runProbe(['--checkpoints', ...directories]);
    const lines = said.trim().split('\n');
    const damaged = lines.flatMap((line) => /^damaged (.+)$/.exec(line)?.[1] ?? []);
    const reading = /^reading (.+)$/.exec(lines.at(-1) ?? '')?.[1];
    // What ended the process is what it was reading.
    if (code !== 0 && reading !== undefined) damaged.push(reading);
    else if (code !== 0) throw faultOf(directories, said, how);
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
    if (!(error instanceof OpenError)) throw error;
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

function faultOf(directories: readonly string[], said: string, how: string): OpenError {
  const where = `${directories[0]} and its siblings`;
  return new OpenError(said.trim() || `reading ${where} ended a process ${how}`);
}

function setAside(directory: string): void {
  renameSync(join(directory, 'checkpoint'), join(directory, `checkpoint.damaged-${Date.now()}`));
}

interface Probe {
  readonly code: number | null;
  readonly said: string;
  readonly how: string;
}

async function runProbe(args: readonly string[]): Promise<Probe> {
  const child = spawn(process.execPath, [PROBE, ...args], { stdio: ['ignore', 'pipe', 'ignore'] });
  let said = '';
  child.stdout.on('data', (text: Buffer) => {
    said += text.toString();
  });
  const [code, signal] = await new Promise<[number | null, string | null]>((done, failed) => {
    child.once('error', failed);
    child.once('close', (code, signal) => done([code, signal]));
  });
  return { code, said, how: signal === null ? `with exit code ${code}` : `by ${signal}` };
}
