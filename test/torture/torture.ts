import { type ChildProcess, fork } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { FromClient, ToClient } from './client.js';
import { damage, type Outcome } from './damage.js';
import { limit } from './limits.js';
import { end, purser, type Served, start } from './server.js';
import { visitAll } from './visits.js';

/**
 * A real server on real disks, killed at random moments while clients in processes of their own
 * send bets, credits, spends, transfers and orders, and keep what was acknowledged; in some rounds
 * it is audited, verified, copied and exported meanwhile. After each restart everything is sent again
 * and compared. Then copies of the directory are damaged.
 */
const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '5' },
    clients: { type: 'string', default: '3' },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  console.log('npm run torture -- [--minutes 5] [--clients 3]');
  process.exit(0);
}
const scratch = mkdtempSync(join(tmpdir(), 'purser-torture-'));
const data = join(scratch, 'data');
const until = Date.now() + Number(values.minutes) * 60_000;
const CLIENT = fileURLToPath(new URL('./client.js', import.meta.url));

interface Client {
  readonly process: ChildProcess;
  readonly users: readonly string[];
}

function next<K extends FromClient['kind']>(
  client: Client,
  kind: K,
): Promise<Extract<FromClient, { kind: K }>> {
  return new Promise((resolve) => {
    const listen = (message: FromClient): void => {
      if (message.kind !== kind) return;
      client.process.off('message', listen);
      resolve(message as Extract<FromClient, { kind: K }>);
    };
    client.process.on('message', listen);
  });
}

function say(client: Client, message: ToClient): void {
  client.process.send(message);
}

async function startClient(): Promise<Client> {
  const child = fork(CLIENT);
  const users = Array.from({ length: 6 }, (_, i) => `client-${child.pid}-${i}`);
  const client = { process: child, users };
  await next(client, 'ready');
  return client;
}

async function mustStart(): Promise<Served> {
  const served = await start(data);
  if (typeof served === 'string') throw new Error(`it does not start again: ${served}`);
  return served;
}

/** How a round ends for the server; each way comes up in turn, and tells what it found wrong before. */
const ways: Readonly<Record<string, (server: Served, faults: string[]) => Promise<void>>> = {
  'kill -9': (server) => end(server, 'SIGKILL'),
  'audits, copies and exports, then kill -9': async (server, faults) => {
    faults.push(...(await visitAll(server, data, scratch)));
    await end(server, 'SIGKILL');
  },
  'kill -9, and again while it recovers': async (server) => {
    await end(server, 'SIGKILL');
    const again = start(data);
    await wait(30 + Math.random() * 300);
    const half = await Promise.race([again, wait(0).then(() => undefined)]);
    const served = half ?? (await again);
    if (typeof served !== 'string') await end(served, 'SIGKILL');
  },
  'SIGSTOP for a second, then kill -9': async (server) => {
    server.child.kill('SIGSTOP');
    await wait(1_000);
    server.child.kill('SIGCONT');
    await wait(200);
    await end(server, 'SIGKILL');
  },
  SIGTERM: (server) => end(server, 'SIGTERM'),
};

interface Tally {
  rounds: number;
  sent: number;
  unanswered: number;
  compared: number;
}

async function round(clients: readonly Client[], way: string, tally: Tally): Promise<string[]> {
  const server = await mustStart();
  for (const client of clients) say(client, { kind: 'go', port: server.port });
  await wait(100 + Math.random() * 1_400);
  const faults: string[] = [];
  await ways[way]?.(server, faults);
  const stopped = clients.map((client) => next(client, 'stopped'));
  for (const client of clients) say(client, { kind: 'stop' });
  for (const { sent, unanswered } of await Promise.all(stopped)) {
    tally.sent += sent;
    tally.unanswered += unanswered;
  }
  const again = await mustStart();
  const checked = clients.map((client) => next(client, 'checked'));
  for (const client of clients) say(client, { kind: 'check', port: again.port });
  for (const report of await Promise.all(checked)) {
    faults.push(...report.faults);
    tally.compared += report.compared;
  }
  await end(again, 'SIGKILL');
  tally.rounds += 1;
  return faults;
}

async function open(clients: readonly Client[]): Promise<void> {
  mkdirSync(scratch, { recursive: true });
  const server = await mustStart();
  const users = clients.flatMap((client) => client.users);
  const headers = { 'content-type': 'application/json' };
  const body = JSON.stringify({ users });
  await fetch(`http://127.0.0.1:${server.port}/users`, { method: 'POST', headers, body });
  await end(server, 'SIGTERM');
}

function print(title: string, rows: readonly (readonly string[])[]): void {
  console.log(`\n${title}\n`);
  for (const row of rows) console.log(`| ${row.join(' | ')} |`);
}

// Two partitions at least: transfers must cross.
process.env['PURSER_PARTITIONS'] ??= `${Math.max(2, availableParallelism())}`;
const clients = await Promise.all(Array.from({ length: Number(values.clients) }, startClient));
const tallies = new Map<string, Tally>();
const faults: string[] = [];
try {
  await open(clients);
  const old = join(scratch, 'old');
  cpSync(data, old, { recursive: true });
  const names = Object.keys(ways);
  for (let i = 0; Date.now() < until && faults.length === 0; i++) {
    const way = names[i % names.length] as string;
    const tally = tallies.get(way) ?? { rounds: 0, sent: 0, unanswered: 0, compared: 0 };
    tallies.set(way, tally);
    faults.push(...(await round(clients, way, tally)));
    if (process.stderr.isTTY) process.stderr.write(`\r${i + 1} rounds `);
  }
  const verified = purser('verify', '--data', data);
  if (verified.code !== 0) faults.push(verified.said);
  const head = ['what', 'rounds', 'sent', 'without an answer', 'sent again and the same'];
  print('ends under load', [
    head,
    head.map(() => '---'),
    ...[...tallies].map(([way, { rounds, sent, unanswered, compared }]) => {
      return [way, rounds, sent, unanswered, compared].map(String);
    }),
  ]);
  const outcomes: Outcome[] = await damage({ now: data, old, scratch });
  outcomes.push(...(await limit(scratch)));
  print('damage to the directory, and limits of the disk', [
    ['what', 'outcome', 'words'],
    ['---', '---', '---'],
    ...outcomes.map(({ what, how, words }) => [what, how, words]),
  ]);
  for (const { what, how, words } of outcomes)
    if (how === 'FAILED') faults.push(`${what}: ${words}`);
} finally {
  for (const client of clients) client.process.disconnect();
  for (const client of clients) client.process.kill();
  rmSync(scratch, { recursive: true, force: true });
}
for (const fault of faults) console.error(`FAULT ${fault}`);
console.log(faults.length === 0 ? '\nnothing lost, nothing twice' : `\n${faults.length} faults`);
process.exitCode = faults.length === 0 ? 0 : 1;
