import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import autocannon from 'autocannon';
import { conditions, median, ratio, spread, table } from './support/report.js';
import { Bets, userNames } from './support/requests.js';
import { type ServerProcess, startServer } from './support/server-process.js';

/**
 * Durable bets over HTTP with fresh ids, beside a bare Fastify route with the same answer schema that only
 * echoes, and beside one that does so after LMDB has put a value of each request on the disk.
 * Autocannon takes them in turn, so that all meet the same machine.
 */
const ROUNDS = Number(process.env['ROUNDS'] ?? 5);
const SECONDS = Number(process.env['SECONDS'] ?? 6);
const USERS = 10_000;

interface Figures {
  readonly rate: number[];
  readonly p99: number[];
}

/** A stand-in for JSON.stringify of the whole body: the client must not be what is measured. */
function bodies(): () => string {
  const bets = new Bets(userNames(USERS), 'random', Date.now());
  return () => {
    const { op: _, ...body } = bets.next();
    return JSON.stringify(body);
  };
}

async function load(
  server: ServerProcess,
  connections: number,
  seconds: number,
): Promise<autocannon.Result> {
  const next = bodies();
  const result = await autocannon({
    url: server.url,
    connections,
    duration: seconds,
    requests: [
      {
        method: 'POST',
        path: '/transaction/bet',
        headers: { 'content-type': 'application/json' },
        setupRequest: (request) => ({ ...request, body: next() }),
      },
    ],
  });
  if (result.non2xx > 0 || result.errors > 0)
    throw new Error(`${result.non2xx} answers were not 200`);
  return result;
}

async function createUsers(server: ServerProcess): Promise<void> {
  const response = await fetch(`${server.url}/users`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ users: userNames(USERS) }),
  });
  if (response.status !== 200) throw new Error(await response.text());
}

type Name = 'echo' | 'echo after the disk' | 'durable bet';
type Servers = ReadonlyMap<Name, ServerProcess>;

async function compare(servers: Servers, connections: number): Promise<string[][]> {
  const figures = new Map<Name, Figures>();
  for (const name of servers.keys()) figures.set(name, { rate: [], p99: [] });
  for (let round = 0; round < ROUNDS; round++) {
    const order = [...servers];
    for (const [name, server] of round % 2 === 0 ? order : order.reverse()) {
      const { requests, latency } = await load(server, connections, SECONDS);
      figures.get(name)?.rate.push(requests.average);
      figures.get(name)?.p99.push(latency.p99);
    }
  }
  return [...figures].map(([name, { rate, p99 }]) => {
    const against = (other: Name, field: keyof Figures): string => {
      return ratio(field === 'rate' ? rate : p99, figures.get(other)?.[field] ?? []);
    };
    const label = `${name}, ${connections} connections`;
    return [
      ...[label, spread(rate), `${median(p99)} ms`, against('echo', 'rate')],
      ...[against('echo', 'p99'), against('echo after the disk', 'rate')],
    ];
  });
}

const directory = mkdtempSync(join(tmpdir(), 'purser-bench-'));
const main = fileURLToPath(new URL('../dist/purser.cjs', import.meta.url));
const echo = fileURLToPath(new URL('./support/echo-server.js', import.meta.url));
const purser = await startServer([main, 'serve', '--port', '0', '--data', join(directory, 'data')]);
const servers: Servers = new Map<Name, ServerProcess>([
  ['echo', await startServer([echo])],
  ['echo after the disk', await startServer([echo, join(directory, 'echo')])],
  ['durable bet', purser],
]);
try {
  await createUsers(purser);
  for (const server of servers.values()) await load(server, 64, 3);
  const rows: string[][] = [];
  for (const connections of [64, 256]) rows.push(...(await compare(servers, connections)));
  console.log(`requests a second over HTTP, ${conditions()}; ${ROUNDS} rounds of ${SECONDS} s\n`);
  const head = ['', 'lowest / median / highest', 'p99'];
  const ratios = ['of the echo', 'p99 of the echo', 'of the echo after the disk'];
  console.log(table([...head, ...ratios], rows));
} finally {
  await Promise.all([...servers.values()].map((server) => server.stop()));
  rmSync(directory, { recursive: true, force: true });
}
