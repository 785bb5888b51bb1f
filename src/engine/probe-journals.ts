import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { OpenError } from './errors.js';

const PROBE = fileURLToPath(new URL('../partitions/probe.js', import.meta.url));

/** Looks at the journals from a process of its own: a damaged file can end the one that maps it. */
export async function probeJournals(directories: readonly string[]): Promise<void> {
  for (const directory of directories) {
    if (!existsSync(directory)) throw new OpenError(`${directory} is missing`);
  }
  const child = spawn(process.execPath, [PROBE, ...directories], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  let said = '';
  child.stdout.on('data', (text: Buffer) => {
    said += text.toString();
  });
  const [code, signal] = await new Promise<[number | null, string | null]>((done, failed) => {
    child.once('error', failed);
    child.once('close', (code, signal) => done([code, signal]));
  });
  if (code === 0) return;
  const how = signal === null ? `with exit code ${code}` : `by ${signal}`;
  const where = directories[0];
  throw new OpenError(said.trim() || `reading ${where} and its siblings ended a process ${how}`);
}
