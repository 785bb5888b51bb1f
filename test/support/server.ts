import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll } from 'vitest';

export const main: string = resolve(import.meta.dirname, '../../dist/purser.cjs');
const running = new Set<Server>();

afterAll(async () => {
  for (const server of running) await server.kill();
});

type Environment = Readonly<Record<string, string>>;

/** `purser serve` as a process, with what it said. */
export class Server {
  readonly child: ChildProcess;
  readonly url: string;
  /** What it wrote to stderr so far. */
  readonly said: () => string;

  constructor(child: ChildProcess, url: string, said: () => string) {
    this.child = child;
    this.url = url;
    this.said = said;
    running.add(this);
  }

  get isRunning(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  /** Ends it as a crash does. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  /** Ends it as an operator does; resolves to the exit code. */
  async stop(): Promise<number | null> {
    await this.#end('SIGTERM');
    return this.child.exitCode;
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    running.delete(this);
    if (!this.isRunning) return;
    this.child.kill(signal);
    await once(this.child, 'exit');
  }

  post(path: string, body: unknown, headers: Environment = {}): Promise<Response> {
    return this.send(path, JSON.stringify(body), headers);
  }

  send(
    path: string,
    body: string | Uint8Array<ArrayBuffer>,
    headers: Environment = {},
    method = 'POST',
  ): Promise<Response> {
    const type = { 'content-type': 'application/json' };
    return fetch(`${this.url}${path}`, { method, body, headers: { ...type, ...headers } });
  }

  /** Posts and reads the answer of the wallet protocol, which always comes with 200. */
  async ask(path: string, body: unknown): Promise<Record<string, unknown>> {
    const response = await this.post(path, body);
    if (response.status !== 200) throw new Error(`${response.status}: ${await response.text()}`);
    return (await response.json()) as Record<string, unknown>;
  }
}

/** Starts `purser serve` on a free port and waits until it listens. */
export async function serve(
  args: readonly string[],
  environment: Environment = {},
  wrapper: readonly string[] = [],
  cwd?: string,
): Promise<Server> {
  const [command = process.execPath, ...rest] = [...wrapper, process.execPath, main];
  const child = spawn(command, [...rest, 'serve', '--port', '0', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...environment },
    cwd,
  });
  let said = '';
  child.stderr.on('data', (text: Buffer) => {
    said += text.toString();
  });
  for await (const line of createInterface(child.stdout)) {
    const url = /listening on (http:\S+)/.exec(line)?.[1];
    if (url !== undefined) return new Server(child, url, () => said);
  }
  throw new Error(`it ended before it listened: ${said}`);
}

/** Runs a command of purser to its end. */
export function run(...args: readonly string[]): { code: number | null; out: string; err: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, ...args], {
    encoding: 'utf8',
    timeout: 60_000,
  });
  return { code: status, out: stdout, err: stderr };
}
