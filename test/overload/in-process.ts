import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { table, thousands } from '../../bench/support/report.js';
import { Histogram, milliseconds } from '../load/histogram.js';
import { mebibytes } from '../load/memory.js';
import type { EngineReport } from './engine.js';
import { late } from './promises.js';
import { hasStrace, slowSyncs } from './scenarios.js';

const ENGINE = fileURLToPath(new URL('./engine.js', import.meta.url));
const DELAYS_MS = [0, 50, 200];

/** The same without HTTP, with the disk as it is and slowed. Prints, and returns what is wrong. */
export async function inProcess(seconds: number): Promise<string[]> {
  const faults: string[] = [];
  const rows: string[][] = [];
  for (const delay_ms of hasStrace ? DELAYS_MS : DELAYS_MS.slice(0, 1)) {
    const name = delay_ms === 0 ? 'the disk as it is' : `${delay_ms} ms more a sync`;
    const report = await engine(seconds, delay_ms === 0 ? [] : slowSyncs(delay_ms * 1_000));
    rows.push(engineRow(name, report));
    faults.push(...report.faults, ...late(name, report.accepted, report.back_ms));
  }
  console.log('\nIn process: 4,000 in flight, then ten times as many a second as came back\n');
  const head = [
    '',
    'carries/s',
    'offered/s',
    'times',
    'accepted p50 / p99 / max',
    'refused',
    'p99',
  ];
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
    (report.offered / report.capacity).toFixed(1),
    [accepted.quantile_ms(0.5), accepted.quantile_ms(0.99), accepted.highest_ms]
      .map(milliseconds)
      .join(' / '),
    thousands(refused.total),
    milliseconds(refused.quantile_ms(0.99)),
    [before, highest, after].map(mebibytes).join(' / '),
    `${report.back_ms ?? '(never)'} ms`,
  ];
}
