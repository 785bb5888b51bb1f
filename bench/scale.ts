import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { openWallet } from 'purser';
import { conditions, median, table, thousands } from './support/report.js';
import { Bets, userNames } from './support/requests.js';
import { startServer } from './support/server-process.js';

/**
 * A million users and twenty million bets in one process: speed at the end against the start,
 * memory and disk a transaction, and the time from kill -9 to a server that listens again.
 */
const USERS = Number(process.env['USERS'] ?? 1_000_000);
const TRANSACTIONS = Number(process.env['TRANSACTIONS'] ?? 20_000_000);
const SLICE = 250_000;
const LIST = 1000;
const WIDTH = 4;

interface Slice {
  readonly done: number;
  readonly rate: number;
  /** Anonymous memory of the process, bytes. */
  readonly memory: number;
}

function anonymousMemory(): number {
  const line = /RssAnon:\s+(\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8'));
  return Number(line?.[1] ?? Number.NaN) * 1024;
}

/** The child: opens the directory, makes the bets, tells about each slice, and waits to be killed. */
async function work(directory: string): Promise<void> {
  const wallet = await openWallet({ dataDir: directory, partitions: 1 });
  const users = userNames(USERS);
  await wallet.createUsers(users);
  const bets = new Bets(users);
  tell({ done: 0, rate: 0, memory: settledMemory() });
  for (let done = 0; done < TRANSACTIONS; ) {
    const lists = Array.from({ length: SLICE / LIST }, () => bets.take(LIST));
    const one = async (): Promise<void> => {
      for (let list = lists.pop(); list !== undefined; list = lists.pop()) await wallet.batch(list);
    };
    const start = performance.now();
    await Promise.all(Array.from({ length: WIDTH }, one));
    const rate = SLICE / ((performance.now() - start) / 1000);
    done += SLICE;
    tell({ done, rate, memory: settledMemory() });
  }
  await once(process, 'disconnect');
}

function settledMemory(): number {
  globalThis.gc?.();
  return anonymousMemory();
}

function tell(slice: Slice): void {
  console.log(JSON.stringify(slice));
}

async function watch(child: ChildProcess): Promise<Slice[]> {
  const slices: Slice[] = [];
  if (child.stdout === null) throw new Error('the child has no output');
  for await (const line of createInterface(child.stdout)) {
    const slice = JSON.parse(line) as Slice;
    slices.push(slice);
    process.stderr.write(`\r${thousands(slice.done)} of ${thousands(TRANSACTIONS)} `);
    if (slice.done >= TRANSACTIONS) break;
  }
  process.stderr.write('\n');
  return slices;
}

function sizeOf(directory: string): number {
  const files = ['journal', 'checkpoint'].map((name) => join(directory, 'partition-0', name));
  return files.reduce((sum, path) => sum + statSync(join(path, 'data.mdb')).blocks * 512, 0);
}

async function secondsToReady(directory: string): Promise<number> {
  const main = fileURLToPath(new URL('../dist/purser.cjs', import.meta.url));
  const start = performance.now();
  const server = await startServer([main, 'serve', '--port', '0', '--data', directory]);
  const seconds = (performance.now() - start) / 1000;
  await server.stop('SIGKILL');
  return seconds;
}

async function report(): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'purser-scale-'));
  const self = fileURLToPath(import.meta.url);
  try {
    const child = spawn(process.execPath, ['--expose-gc', self, directory], {
      stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    });
    const slices = await watch(child);
    child.kill('SIGKILL');
    await once(child, 'exit');
    const restarts = [await secondsToReady(directory), await secondsToReady(directory)];
    print(slices, sizeOf(directory), restarts);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function print(slices: readonly Slice[], bytes: number, restarts: readonly number[]): void {
  const tenth = Math.max(1, Math.floor((slices.length - 1) / 10));
  const rates = slices.slice(1).map(({ rate }) => rate);
  const tenths: number[] = [];
  for (let i = 0; i < rates.length; i += tenth) tenths.push(median(rates.slice(i, i + tenth)));
  const [first = Number.NaN, last = Number.NaN] = [tenths[0], tenths.at(-1)];
  const memory = ((slices.at(-1)?.memory ?? 0) - (slices[0]?.memory ?? 0)) / TRANSACTIONS;
  console.log(
    `${thousands(USERS)} users, ${thousands(TRANSACTIONS)} bets in batches; ${conditions()}\n`,
  );
  const rows = [
    ['bets/s in the first tenth (median)', thousands(first)],
    ['bets/s in the last tenth (median)', thousands(last)],
    ['last against first', (last / first).toFixed(2)],
    ['bets/s, tenth by tenth', tenths.map((rate) => thousands(rate)).join(' ')],
    ['memory a transaction, users apart', `${memory.toFixed(1)} bytes`],
    ['disk a transaction, users and all', `${(bytes / TRANSACTIONS).toFixed(0)} bytes`],
    ['from kill -9 to ready', restarts.map((s) => `${s.toFixed(1)} s`).join(', ')],
  ];
  console.log(table(['', ''], rows));
}

const [directory] = process.argv.slice(2);
if (directory === undefined) await report();
else await work(directory);
