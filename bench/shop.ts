import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openWallet } from 'purser';
import { type Postgres, startPostgres } from './support/postgres.js';
import { conditions, median, ratio, spread, table } from './support/report.js';
import { type ServerProcess, startServer } from './support/server-process.js';
import { load } from './support/shop-load.js';

/**
 * A shop over HTTP: top-up, order, complete, refund, and a signup each second, beside routes that only
 * echo, beside the same after LMDB has put a value of each request on the disk, and beside PostgreSQL
 * with a stored function for each; they take turns. Then completed orders in process.
 */
const ROUNDS = Number(process.env['ROUNDS'] ?? 5);
const SECONDS = Number(process.env['SECONDS'] ?? 6);
const CONNECTIONS = 64;
const PLAYERS = 10_000;

function support(name: string): string {
  return fileURLToPath(new URL(`./support/${name}.js`, import.meta.url));
}

async function post(url: string, path: string, body: unknown, method = 'POST'): Promise<void> {
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(`${url}${path}`, { method, headers, body: JSON.stringify(body) });
  if (!response.ok) throw new Error(`${path}: ${await response.text()}`);
}

async function stock({ url }: ServerProcess): Promise<void> {
  const users = Array.from({ length: PLAYERS }, (_, i) => `player${i}`);
  await post(url, '/users', { users });
  await post(url, '/v1/items/potion', { name: 'Potion', kind: 'consumable', price: 10 }, 'PUT');
}

type Name = 'echo' | 'echo after the disk' | 'purser' | 'PostgreSQL';

async function overHttp(servers: ReadonlyMap<Name, ServerProcess>): Promise<string[][]> {
  const rates = new Map<Name, number[]>([...servers.keys()].map((name) => [name, []]));
  const p99s = new Map<Name, number[]>([...servers.keys()].map((name) => [name, []]));
  for (const { url } of servers.values()) await load(url, PLAYERS, CONNECTIONS, 2);
  for (let round = 0; round < ROUNDS; round++) {
    const order = [...servers];
    for (const [name, { url }] of round % 2 === 0 ? order : order.reverse()) {
      const { requests, latency } = await load(url, PLAYERS, CONNECTIONS, SECONDS);
      rates.get(name)?.push(requests.average);
      p99s.get(name)?.push(latency.p99);
    }
  }
  return [...rates].map(([name, rate]) => {
    const against = (other: Name): string => ratio(rate, rates.get(other) ?? []);
    const p99 = `${median(p99s.get(name) ?? [])} ms`;
    return [name, spread(rate), p99, against('echo'), against('echo after the disk')];
  });
}

/** Completed orders a second in process: one promise each, 4,000 in flight. */
async function inProcess(): Promise<number[]> {
  const ORDERS = 100_000;
  const wallet = await openWallet();
  const players = Array.from({ length: PLAYERS }, (_, i) => `player${i}`);
  await wallet.createUsers(players);
  await wallet.items.put('potion', { name: 'Potion', kind: 'consumable', price: 1 });
  const body = { lines: [{ sku: 'potion', quantity: 1 }], complete: true };
  const rates: number[] = [];
  for (let round = 0; round <= ROUNDS; round++) {
    let next = 0;
    const one = async (): Promise<void> => {
      for (let i = next++; i < ORDERS; i = next++) {
        const player = players[i % PLAYERS] ?? '';
        const idempotencyKey = `${round}-${i}`;
        const { ok } = await wallet.orders.create(player, body, { idempotencyKey });
        if (!ok) throw new Error('an order was refused');
      }
    };
    const start = performance.now();
    await Promise.all(Array.from({ length: 4_000 }, one));
    // The first round warms up.
    if (round > 0) rates.push(ORDERS / ((performance.now() - start) / 1000));
  }
  await wallet.close();
  return rates;
}

const directory = mkdtempSync(join(tmpdir(), 'purser-bench-'));
const main = fileURLToPath(new URL('../dist/purser.cjs', import.meta.url));
const data = join(directory, 'data');
const postgres: Postgres | undefined = await startPostgres();
const servers = new Map<Name, ServerProcess>();
const stopAll = async (): Promise<void> => {
  await Promise.all([...servers.values()].map((server) => server.stop()));
  await postgres?.stop();
  rmSync(directory, { recursive: true, force: true });
};
process.once('SIGINT', () => void stopAll().then(() => process.exit(130)));
try {
  const echo = support('shop-echo');
  servers.set('echo', await startServer([echo]));
  servers.set('echo after the disk', await startServer([echo, join(directory, 'echo')]));
  const purser = await startServer([
    main,
    'serve',
    '--port',
    '0',
    '--data',
    data,
    '--login-rate',
    '0',
  ]);
  servers.set('purser', purser);
  await stock(purser);
  if (postgres !== undefined) {
    const args = [support('shop-postgres'), `${postgres.port}`, `${PLAYERS}`];
    servers.set('PostgreSQL', await startServer(args));
  }
  const rows = await overHttp(servers);
  const rounds = `${ROUNDS} rounds of ${SECONDS} s, ${CONNECTIONS} connections`;
  console.log(`shop requests a second over HTTP, ${conditions()}; ${rounds}`);
  if (postgres !== undefined) console.log(`${postgres.version}, fsync on, 16 connections`);
  const head = [
    '',
    'lowest / median / highest',
    'p99',
    'of the echo',
    'of the echo after the disk',
  ];
  console.log(`\n${table(head, rows)}\n`);
} finally {
  await stopAll();
}
console.log(`completed orders a second in process: ${spread(await inProcess())}`);
