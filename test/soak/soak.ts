import { writeFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { conditions, thousands } from '../../bench/support/report.js';
import { Histogram, milliseconds } from '../load/histogram.js';
import { type Memory, mebibytes, memoryOf } from '../load/memory.js';
import { Helper, type Loaded, load } from '../load/program.js';
import { chart } from './chart.js';
import type { Report, ToClient } from './client.js';
import { users } from './mix.js';
import { judge, OWN_BYTES, type Point, trendOf, WAVE_BYTES } from './trend.js';
import { fillRecentFrames } from './warm-up.js';

/**
 * A real server under a constant load of everything that it does, for hours: its memory and its
 * latency over time, as a table and a drawing. The memory may grow by what its transactions take,
 * and by nothing else.
 */
const { values } = parseArgs({
  options: {
    hours: { type: 'string', default: '1' },
    minutes: { type: 'string' },
    rate: { type: 'string', default: '1000' },
    partitions: { type: 'string', default: '2' },
    out: { type: 'string', default: 'soak.svg' },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  console.log('npm run soak -- [--hours 1 | --minutes N] [--rate 1000] [--partitions 2]');
  console.log('                [--out soak.svg]');
  process.exit(0);
}
const minutes = Number(values.minutes ?? Number(values.hours) * 60);
const rate = Number(values.rate);
const partitions = Number(values.partitions);
const INTERVALS = 60;
/** Of the time: heaps find their sizes, and the first checkpoints are written. */
const WARM_UP = 0.2;
/** Entries of a partition after which its memory is what it stays. */
const SEVERAL_CHECKPOINTS = 500_000;
const interval_ms = Math.max(1_000, (minutes * 60_000) / INTERVALS);

interface Sample extends Memory {
  readonly minute: number;
  readonly heap: number;
  readonly entries: number;
  readonly p50: number;
  readonly p99: number;
}

function row(cells: readonly string[]): void {
  console.log(`| ${cells.join(' | ')} |`);
}

async function heapOf({ server }: Loaded): Promise<number> {
  const text = await (await fetch(`${server.url}/metrics`)).text();
  return Number(/^nodejs_heap_size_used_bytes (\S+)/m.exec(text)?.[1]);
}

async function sample(loaded: Loaded, report: Report, begun: number, before: number) {
  const memory = memoryOf(loaded.pid) ?? { rss: Number.NaN, anonymous: undefined };
  const durations = new Histogram(report.durations);
  return {
    ...memory,
    minute: (performance.now() - begun) / 60_000,
    heap: await heapOf(loaded),
    entries: before + report.entries,
    p50: durations.quantile_ms(0.5),
    p99: durations.quantile_ms(0.99),
  } satisfies Sample;
}

function show({ minute, rss, anonymous, heap, entries, p50, p99 }: Sample, report: Report): void {
  row([
    minute.toFixed(1),
    thousands(entries),
    thousands(report.refused),
    thousands(report.overloaded),
    mebibytes(rss),
    anonymous === undefined ? '–' : mebibytes(anonymous),
    mebibytes(heap),
    milliseconds(p50),
    milliseconds(p99),
  ]);
}

async function measure(loaded: Loaded, client: Helper<ToClient, Report>): Promise<Sample[]> {
  const head = ['min', 'entries', 'refused', 'overloaded', 'RSS', 'RssAnon', 'heap', 'p50', 'p99'];
  row(head);
  row(head.map(() => '---'));
  const samples: Sample[] = [];
  const begun = performance.now();
  await client.ask({ kind: 'start', port: loaded.port, rate });
  while (performance.now() - begun < minutes * 60_000) {
    await wait(interval_ms);
    const report = await client.ask({ kind: 'report' });
    const next = await sample(loaded, report, begun, samples.at(-1)?.entries ?? 0);
    samples.push(next);
    show(next, report);
    if (report.faults.length > 0) throw new Error(report.faults.join('\n'));
  }
  return samples;
}

/** Without /proc the whole of RSS, mapped files included. */
function pointsOf(samples: readonly Sample[]): Point[] {
  return samples.map(({ entries, anonymous, rss }) => ({ entries, bytes: anonymous ?? rss }));
}

function drawn(samples: readonly Sample[], warm: readonly Sample[]): string {
  const mib = (of: (sample: Sample) => number) => samples.map((one) => of(one) / 1024 / 1024);
  const trend = trendOf(pointsOf(warm));
  return chart(
    `purser under ${rate} requests a second, ${conditions()}`,
    samples.map(({ minute }) => minute),
    [
      {
        title: 'memory, MiB',
        series: [
          { name: 'RSS', values: mib(({ rss }) => rss) },
          { name: 'RssAnon', values: mib(({ anonymous, rss }) => anonymous ?? rss) },
          { name: 'heap of main thread', values: mib(({ heap }) => heap) },
          { name: 'least squares', values: mib(({ entries }) => trend.at(entries)) },
        ],
      },
      {
        title: 'latency, ms',
        series: [
          { name: 'p50', values: samples.map(({ p50 }) => p50) },
          { name: 'p99', values: samples.map(({ p99 }) => p99) },
        ],
      },
    ],
  );
}

/** True when the memory grew by no more than it may. */
function conclude(samples: readonly Sample[]): boolean {
  const warm = samples.slice(Math.floor(samples.length * WARM_UP));
  writeFileSync(values.out, drawn(samples, warm));
  const points = pointsOf(warm);
  const { grown, allowed } = judge(points, partitions);
  const each = trendOf(points).bytes_per_entry;
  console.log(`\nafter warm-up ${mebibytes(grown)} more, ${each.toFixed(1)} bytes an entry`);
  const wave = `a wave of ${mebibytes(WAVE_BYTES)} in each partition`;
  console.log(`allowed: ${OWN_BYTES} bytes an entry and ${wave}: ${mebibytes(allowed)}`);
  console.log(`drawn in ${values.out}`);
  const entries = samples.at(-1)?.entries ?? 0;
  if (grown > allowed && entries < SEVERAL_CHECKPOINTS * partitions) {
    console.log('but heaps and waves were still growing to their sizes: run it for longer');
  }
  return grown <= allowed;
}

const loaded = await load(partitions, users);
const client = new Helper<ToClient, Report>(new URL('./client.js', import.meta.url));
try {
  console.log(`${rate} requests a second for ${minutes} minutes, ${conditions()}`);
  console.log(
    'RssAnon is RSS without the mapped pages of the journal, which the kernel takes back',
  );
  const bets = await fillRecentFrames(loaded, partitions);
  console.log(`${thousands(bets)} bets before, which fill the memory of recent frames\n`);
  const samples = await measure(loaded, client);
  const isBounded = conclude(samples);
  console.log(isBounded ? 'no growth beyond it' : 'GROWTH beyond it');
  process.exitCode = isBounded ? 0 : 1;
} finally {
  client.stop();
  await loaded.stop();
}
