import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { table, thousands } from '../../bench/support/report.js';
import { userNames } from '../../bench/support/requests.js';
import { partitionOf } from '../../src/engine/user-id.js';
import { Histogram, milliseconds } from '../load/histogram.js';
import { mebibytes, memoryOf } from '../load/memory.js';
import { load } from '../load/program.js';
import type { EngineReport } from './engine.js';
import {
  backAfter_ms,
  capacityOf,
  closedLoop,
  faultsOf,
  offerAll,
  offerHead,
  offerRow,
} from './http.js';

const ENGINE = fileURLToPath(new URL('./engine.js', import.meta.url));
const TIMES = 10;
/** Connections of both clients together; more would measure how they are opened. */
const LINES = 4_000;
const PROBES = { rate: 100, lines: 64 };
const PARTITIONS = 4;
const SLOW_SYNC_US = 100_000;
const BACK = 0.9;
const users = userNames(1_000);

export const hasStrace: boolean = spawnSync('strace', ['-V']).status === 0;

/** strace that holds each fdatasync back, of one file or of all; it is the child, not the parent. */
function slowSyncs(delay_us: number, file?: string): string[] {
  const only = file === undefined ? [] : ['-P', file];
  const inject = `inject=fdatasync:delay_enter=${delay_us}`;
  const filters = ['--seccomp-bpf', '-e', 'trace=fdatasync', '-e', inject];
  return ['strace', '-D', '-f', '-o', '/dev/null', ...filters, ...only];
}

/** Prints, and returns what is wrong. */
export async function overHttp(seconds: number): Promise<string[]> {
  const loaded = await load(1, users);
  const before = await capacityOf(loaded, users, seconds);
  const rss = [memoryOf(loaded.pid)?.rss ?? 0];
  const timer = setInterval(() => rss.push(memoryOf(loaded.pid)?.rss ?? 0), 200);
  const half = { rate: (TIMES * before) / 2, lines: LINES / 2, seconds, users, port: loaded.port };
  const all = await offerAll([half, half]);
  clearInterval(timer);
  const rates = await closedLoop(loaded, users, seconds);
  const after = memoryOf(loaded.pid)?.rss ?? 0;
  const held = all.reduce((sum, one) => sum + one.held, 0);
  console.log(`\nOver HTTP: carries ${thousands(before)} a second (autocannon, closed loop)\n`);
  console.log(table(offerHead, [offerRow('ten times, open loop', seconds, all)]));
  console.log(`\n${thousands(held / seconds)} a second more were due while all connections waited`);
  console.log(memoryLine(rss[0] ?? 0, Math.max(...rss), after));
  const back_ms = backAfter_ms(rates, BACK * before);
  console.log(backLine(back_ms));
  await loaded.stop();
  return [
    ...faultsOf(all),
    ...late(
      'over HTTP',
      all.map(({ accepted }) => accepted),
      back_ms,
    ),
  ];
}

function memoryLine(before: number, highest: number, after: number): string {
  const figures = [before, highest, after].map(mebibytes).join(' / ');
  return `RSS before / highest during / after: ${figures}`;
}

function backLine(back_ms: number | undefined): string {
  return `back to 90 % of the throughput before after ${back_ms ?? '(never)'} ms`;
}

type Durations = ConstructorParameters<typeof Histogram>[0] & object;

/** What misses the promise: a second for what is accepted, a second to be back. */
function late(
  where: string,
  accepted: readonly Durations[],
  back_ms: number | undefined = 0,
): string[] {
  const all = new Histogram();
  for (const one of accepted) all.merge(one);
  const p99 = all.quantile_ms(0.99);
  return [
    ...(p99 <= 1_000 ? [] : [`${where}: p99 of what was accepted is ${milliseconds(p99)}`]),
    ...(back_ms !== undefined && back_ms <= 1_000 ? [] : [`${where}: full speed too late`]),
  ];
}

/** The same without HTTP, where ten times what a slow disk carries can really be offered. */
export async function inProcess(seconds: number): Promise<string[]> {
  const runs: [string, string[]][] = [['the disk as it is', []]];
  if (hasStrace) runs.push(['50 ms more a sync', slowSyncs(50_000)]);
  if (hasStrace) runs.push(['100 ms more a sync', slowSyncs(100_000)]);
  const faults: string[] = [];
  const rows: string[][] = [];
  for (const [name, wrapper] of runs) {
    const report = await engine(seconds, wrapper);
    rows.push(engineRow(name, report));
    faults.push(...report.faults, ...late(name, [report.accepted], report.back_ms));
  }
  console.log('\nIn process: 4,000 in flight, then ten times as many a second as came back\n');
  const head = ['', 'carries/s', 'offered/s', 'accepted p50 / p99 / max', 'refused', 'p99'];
  console.log(table([...head, 'RSS before / highest / after', 'back after'], rows));
  return faults;
}

async function engine(seconds: number, wrapper: readonly string[]): Promise<EngineReport> {
  const directory = mkdtempSync(join(tmpdir(), 'purser-overload-'));
  try {
    const args = [process.execPath, ENGINE, join(directory, 'data'), `${seconds}`];
    const [command = '', ...rest] = [...wrapper, ...args];
    const child = spawn(command, rest, { stdio: ['ignore', 'pipe', 'inherit'] });
    return JSON.parse(await text(child.stdout)) as EngineReport;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function engineRow(name: string, report: EngineReport): string[] {
  const [accepted, refused] = [new Histogram(report.accepted), new Histogram(report.refused)];
  const { before, highest, after } = report.rss;
  return [
    name,
    thousands(report.capacity),
    thousands(report.offered),
    [accepted.quantile_ms(0.5), accepted.quantile_ms(0.99), accepted.highest_ms]
      .map(milliseconds)
      .join(' / '),
    thousands(refused.total),
    milliseconds(refused.quantile_ms(0.99)),
    [before, highest, after].map(mebibytes).join(' / '),
    `${report.back_ms ?? '(never)'} ms`,
  ];
}

function usersOf(partition: number): string[] {
  return users.filter((user) => partitionOf(user, PARTITIONS) === partition);
}

/** All the load on one actor, while others are asked at a low rate. */
export async function hotUser(seconds: number): Promise<string[]> {
  const loaded = await load(PARTITIONS, users);
  const carried = await capacityOf(loaded, users, seconds / 2);
  const [hot = '', ...same] = usersOf(0);
  const offer = { seconds, port: loaded.port };
  const probe = { ...offer, ...PROBES };
  const flood = { ...offer, rate: TIMES * carried, lines: LINES / 2, users: [hot] };
  const [busy, neighbours, others] = await offerAll([
    flood,
    { ...probe, users: same },
    { ...probe, users: usersOf(1) },
  ]);
  await loaded.stop();
  return printed('One hot user', seconds, [
    ['the hot user', busy],
    ['others of its partition', neighbours],
    ['users of another partition', others],
  ]);
}

/** One of four partitions on a slow disk gets ten times what it can carry. */
export async function slowPartition(seconds: number): Promise<string[]> {
  const file = (data: string) => join(data, 'partition-0/journal/data.mdb');
  const loaded = await load(PARTITIONS, users, (data) => slowSyncs(SLOW_SYNC_US, file(data)));
  const offer = { seconds, port: loaded.port };
  const quiet = { ...offer, rate: PROBES.rate, lines: PROBES.lines };
  const alone = await offerAll([{ ...quiet, users: usersOf(1) }]);
  const heavy = { ...offer, rate: 10_000, lines: LINES / 2, users: usersOf(0) };
  const [slow, others] = await offerAll([heavy, { ...quiet, users: usersOf(1) }]);
  await loaded.stop();
  return printed(`One partition of ${PARTITIONS} with ${SLOW_SYNC_US / 1_000} ms a sync`, seconds, [
    ['users of another, before', alone[0]],
    ['users of the slow one', slow],
    ['users of another, meanwhile', others],
  ]);
}

type Offered = Awaited<ReturnType<typeof offerAll>>[number];

function printed(
  title: string,
  seconds: number,
  rows: readonly (readonly [string, Offered | undefined])[],
): string[] {
  const known = rows.flatMap(([name, one]) => (one === undefined ? [] : [[name, one] as const]));
  console.log(`\n${title}\n`);
  console.log(
    table(
      offerHead,
      known.map(([name, one]) => offerRow(name, seconds, [one])),
    ),
  );
  return known.flatMap(([name, one]) => [
    ...faultsOf([one]),
    ...late(`${title}: ${name}`, [one.accepted]),
    ...(new Histogram(one.accepted).total > 0 ? [] : [`${title}: ${name}: nothing accepted`]),
  ]);
}
