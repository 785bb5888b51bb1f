import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type ServerProcess, startServer } from '../../bench/support/server-process.js';

export const main: string = fileURLToPath(new URL('../../../dist/purser.cjs', import.meta.url));

/** A server on a data directory of its own, which goes with it. */
export interface Loaded {
  readonly server: ServerProcess;
  readonly pid: number;
  readonly port: number;
  readonly data: string;
  stop(): Promise<void>;
}

/** Starts `purser serve`, under a wrapper when one is made for its data directory. */
export async function load(
  partitions: number,
  users: readonly string[],
  wrapper?: (data: string) => readonly string[],
): Promise<Loaded> {
  const scratch = mkdtempSync(join(tmpdir(), 'purser-load-'));
  onEnd(() => rmSync(scratch, { recursive: true, force: true }));
  const data = join(scratch, 'data');
  let loaded = await start(data, partitions);
  await createUsers(loaded, users);
  if (wrapper === undefined) return loaded;
  await loaded.stop();
  loaded = await start(data, partitions, wrapper(data));
  return loaded;
}

async function start(
  data: string,
  partitions: number,
  wrapper: readonly string[] = [],
): Promise<Loaded> {
  const rich = ['--initial-balance', '1000000000'];
  const args = [main, 'serve', '--port', '0', '--data', data, '--partitions', `${partitions}`];
  const server = await startServer([...args, ...rich, '--log', 'error'], wrapper);
  onEnd(() => server.child.kill('SIGKILL'));
  const port = Number(new URL(server.url).port);
  return { server, pid: server.child.pid ?? 0, port, data, stop: () => server.stop() };
}

/** When the program ends, in whichever way; the last one first. */
function onEnd(undo: () => void): void {
  if (undoing.length === 0) {
    process.once('exit', () => {
      for (const last of undoing.reverse()) last();
    });
    for (const signal of ['SIGINT', 'SIGTERM'] as const)
      process.once(signal, () => process.exit(1));
  }
  undoing.push(undo);
}

const undoing: (() => void)[] = [];

async function createUsers({ server }: Loaded, users: readonly string[]): Promise<void> {
  const headers = { 'content-type': 'application/json' };
  const body = JSON.stringify({ users });
  const response = await fetch(`${server.url}/users`, { method: 'POST', headers, body });
  if (response.status !== 200) throw new Error(await response.text());
}

/** A process that is asked one thing at a time, and answers each. */
export class Helper<Asked extends object, Told> {
  readonly #child: ChildProcess;

  constructor(path: URL) {
    this.#child = fork(fileURLToPath(path));
    onEnd(() => this.stop());
  }

  async ask(asked: Asked): Promise<Told> {
    this.#child.send(asked);
    const [told] = await once(this.#child, 'message');
    return told as Told;
  }

  stop(): void {
    this.#child.kill();
  }
}
