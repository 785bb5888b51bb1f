import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { projectRoot } from '../support/mutant.js';

const ownMain = join(projectRoot(import.meta.url), 'dist/purser.cjs');

/** `purser serve` as a process on a port of its own choice. */
export interface Served {
  readonly child: ChildProcess;
  readonly port: number;
  /** What it wrote to stderr so far. */
  said(): string;
}

/** Starts it; resolves to what it said when it ended before it listened. */
export async function start(
  data: string,
  wrapper: readonly string[] = [],
  main = ownMain,
): Promise<Served | string> {
  const args = [main, 'serve', '--data', data, '--port', '0', '--log', 'error'];
  const [command = '', ...rest] = [...wrapper, process.execPath, ...args];
  const child = spawn(command, rest, { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  let out = '';
  child.stderr.on('data', (text: Buffer) => {
    said += text.toString();
  });
  const port = new Promise<number>((resolve) => {
    child.stdout.on('data', (text: Buffer) => {
      out += text.toString();
      const found = /listening on http:\S+:(\d+)/.exec(out)?.[1];
      if (found !== undefined) resolve(Number(found));
    });
  });
  const ended = once(child, 'exit');
  const first = await Promise.race([port, ended]);
  if (typeof first === 'number') return { child, port: first, said: () => said };
  return said.trim() || `it ended with ${String(first[0] ?? first[1])}`;
}

export async function end({ child }: Served, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  child.kill(signal);
  await exit;
}

/** How a command of purser ended. */
interface Ended {
  readonly code: number | null;
  /** Its output, or its complaint. */
  readonly said: string;
}

/** Runs a command of purser to its end. */
export function purser(...args: readonly string[]): Ended {
  const { status, stdout, stderr } = spawnSync(process.execPath, [ownMain, ...args], {
    encoding: 'utf8',
  });
  return { code: status, said: (status === 0 ? stdout : stderr).trim() };
}

/** The same beside others, under a wrapper; of what it prints only complaints are kept. */
export async function started(
  wrapper: readonly string[],
  ...args: readonly string[]
): Promise<Ended> {
  const [command = '', ...rest] = [...wrapper, process.execPath, ownMain, ...args];
  const child = spawn(command, rest, { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.on('data', (text: Buffer) => {
    said += text.toString();
  });
  const [code, signal] = await once(child, 'close');
  return { code, said: said.trim() || `it ended with ${String(code ?? signal)}` };
}
