import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import autocannon from 'autocannon';
import { conditions, median, spread, table } from './support/report.js';
import { Bets, userNames } from './support/requests.js';
import { type ServerProcess, startServer } from './support/server-process.js';

/**
 * Durable bets over HTTP with fresh ids, beside a bare Fastify route with the same answer schema
 * that only echoes; autocannon takes them in turn, so that both meet the same machine.
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

async function compare(
  servers: Readonly<Record<'echo' | 'purser', ServerProcess>>,
  connections: number,
): Promise<string[][]> {
  const figures: Record<'echo' | 'purser', Figures> = {
    echo: { rate: [], p99: [] },
    purser: { rate: [], p99: [] },
  };
  for (let round = 0; round < ROUNDS; round++) {
    const order = round % 2 === 0 ? (['echo', 'purser'] as const) : (['purser', 'echo'] as const);
    for (const name of order) {
      const { requests, latency } = await load(servers[name], connections, SECONDS);
      figures[name].rate.push(requests.average);
      figures[name].p99.push(latency.p99);
    }
  }
  const { echo, purser } = figures;
  const ratio = median(purser.rate.map((rate, i) => rate / (echo.rate[i] ?? Number.NaN)));
  const slower = median(purser.p99.map((p99, i) => p99 / (echo.p99[i] ?? Number.NaN)));
  return [
    [`echo, ${connections} connections`, spread(echo.rate), `${median(echo.p99)} ms`, '', ''],
    [
      `durable bet, ${connections} connections`,
      spread(purser.rate),
      `${median(purser.p99)} ms`,
      ratio.toFixed(2),
      slower.toFixed(2),
    ],
  ];
}

const directory = mkdtempSync(join(tmpdir(), 'purser-bench-'));
const main = fileURLToPath(new URL('../dist/purser.cjs', import.meta.url));
const echo = await startServer([
  fileURLToPath(new URL('./support/echo-server.js', import.meta.url)),
]);
const purser = await startServer([main, 'serve', '--port', '0', '--data', join(directory, 'data')]);
try {
  await createUsers(purser);
  for (const server of [echo, purser]) await load(server, 64, 3);
  const rows: string[][] = [];
  for (const connections of [64, 256]) rows.push(...(await compare({ echo, purser }, connections)));
  console.log(`requests a second over HTTP, ${conditions()}; ${ROUNDS} rounds of ${SECONDS} s\n`);
  const head = ['', 'lowest / median / highest', 'p99', 'of the echo', 'p99 of the echo'];
  console.log(table(head, rows));
} finally {
  await Promise.all([echo.stop(), purser.stop()]);
  rmSync(directory, { recursive: true, force: true });
}
