import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { projectRoot } from '../support/mutant.js';

const main = join(projectRoot(import.meta.url), 'dist', 'main.js');

/** A key for every scope, and the secret of the one payment provider. */
export const API_KEY = 'a-key-for-everything';
export const PROVIDER = 'testpsp';
export const WEBHOOK_KEY: Buffer = Buffer.from('a key that testpsp and the fuzz share');

const environment = {
  PURSER_API_KEYS: `${API_KEY}:admin,a-key-for-credits:credits`,
  PURSER_SELF_TOPUP: 'true',
  PURSER_WEBHOOK_SECRET_TESTPSP: `whsec_${WEBHOOK_KEY.toString('base64')}`,
};

/** `purser serve` as a process. */
export interface Served {
  readonly child: ChildProcess;
  readonly url: string;
  readonly data: string;
  /** What it wrote to stderr so far. */
  said(): string;
}

/** Starts it on a free port, with two partitions so that money crosses. */
export async function start(data: string): Promise<Served> {
  const options = ['--data', data, '--port', '0', '--partitions', '2', '--login-rate', '0'];
  const child = spawn(process.execPath, [main, 'serve', ...options, '--log', 'error'], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...environment },
  });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  for await (const line of createInterface(child.stdout)) {
    const url = /listening on (http:\S+)/.exec(line)?.[1];
    if (url !== undefined) return { child, url, data, said: () => said };
  }
  throw new Error(`it ended before it listened: ${said}`);
}

/** Whether it has ended, by itself or by a signal. */
export function isOver({ child }: Served): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

/** Ends it by a signal. */
export async function end(served: Served, signal: NodeJS.Signals): Promise<void> {
  if (isOver(served)) return;
  const exit = once(served.child, 'exit');
  served.child.kill(signal);
  await exit;
}

/** Ends it as an operator does and verifies the ledger; returns what was wrong. */
export async function endAndVerify(served: Served): Promise<string[]> {
  const faults: string[] = [];
  const { child } = served;
  if (isOver(served)) faults.push(`the server ended by itself: ${served.said()}`);
  else {
    await end(served, 'SIGTERM');
    if (child.exitCode !== 0) faults.push(`SIGTERM ended it with ${child.exitCode}`);
  }
  if (served.said() !== '') faults.push(`it said: ${served.said()}`);
  const { code, out, err } = await purser('verify', '--data', served.data);
  if (code !== 0 || err !== '') faults.push(`verify: ${err || out}`);
  return faults;
}

/** What a command of purser said, and how it ended: null when it had to be killed. */
export interface Ran {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

const COMMAND_MS = 60_000;

/** Runs a command of purser to its end. */
export async function purser(...args: readonly string[]): Promise<Ran> {
  const child = spawn(process.execPath, [main, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: COMMAND_MS,
  });
  const exit = once(child, 'exit');
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)]);
  await exit;
  return { code: child.exitCode, out, err };
}
