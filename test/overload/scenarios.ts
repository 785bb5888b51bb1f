import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { table, thousands } from '../../bench/support/report.js';
import { userNames } from '../../bench/support/requests.js';
import { partitionOf } from '../../src/partitions/partition-of.js';
import { Histogram } from '../load/histogram.js';
import { mebibytes, memoryOf } from '../load/memory.js';
import { type Loaded, load } from '../load/program.js';
import { backAfter_ms } from '../load/slices.js';
import type { Offer, Offered } from './client.js';
import { capacityOf, offerAll, offerHead, offerRow } from './http.js';
import { late, misanswered } from './promises.js';

/** One server, one kind of load that is too much for it, and others who should not notice. */
interface Scenario {
  readonly name: string;
  readonly partitions: number;
  readonly operations: number;
  readonly users: readonly string[];
  /** Connections, each waiting for its answer, that keep the server busy. */
  readonly busy: number;
  /** Connections of the overload. */
  readonly lines: number;
  /** At ten times the rate, not with ten times the connections. */
  readonly isOpen: boolean;
  readonly others: readonly (readonly [name: string, users: readonly string[]])[];
  readonly wrapper?: (data: string) => readonly string[];
}

const TIMES = 10;
const LIST_OPERATIONS = 1_000;
/** Others send single bets, so many a second. */
const OTHERS = { operations: 1, rate: 100, lines: 64 };
const PARTITIONS = 4;
const SLOW_SYNC_US = 200_000;
const BACK = 0.9;
const SAMPLE_MS = 200;
const all = userNames(1_000);
const [hot = '', ...besideHot] = usersOf(0);

export const hasStrace: boolean = spawnSync('strace', ['-V']).status === 0;

const flood = { operations: LIST_OPERATIONS, busy: 16, lines: 512, isOpen: true } as const;

export const scenarios: readonly Scenario[] = [
  {
    name: 'Single bets, ten times as many connections',
    partitions: 1,
    operations: 1,
    users: all,
    busy: 256,
    lines: TIMES * 256,
    isOpen: false,
    others: [],
  },
  {
    ...flood,
    name: `Lists of ${thousands(LIST_OPERATIONS)} bets at ten times the rate`,
    partitions: 1,
    users: all,
    others: [['single bets beside them', all]],
  },
  {
    ...flood,
    name: 'One hot user gets ten times what its actor carries',
    partitions: PARTITIONS,
    users: [hot],
    others: [
      ['others of its partition', besideHot],
      ['users of another partition', usersOf(1)],
    ],
  },
  ...(hasStrace ? [slowPartition()] : []),
];

function slowPartition(): Scenario {
  const file = (data: string) => join(data, 'partition-0/journal/data.mdb');
  return {
    ...flood,
    name: `One slow partition (${SLOW_SYNC_US / 1_000} ms more a sync) gets ten times what it carries`,
    partitions: PARTITIONS,
    users: usersOf(0),
    others: [['users of another partition', usersOf(1)]],
    wrapper: (data) => slowSyncs(SLOW_SYNC_US, file(data)),
  };
}

function usersOf(partition: number): string[] {
  return all.filter((user) => partitionOf(user, PARTITIONS) === partition);
}

/** strace that holds each fdatasync back, of one file or of all; it is the child, not the parent. */
export function slowSyncs(delay_us: number, file?: string): string[] {
  const only = file === undefined ? [] : ['-P', file];
  const inject = `inject=fdatasync:delay_enter=${delay_us}`;
  const filters = ['--seccomp-bpf', '-e', 'trace=fdatasync', '-e', inject];
  return ['strace', '-D', '-f', '-o', '/dev/null', ...filters, ...only];
}

/** Runs it, prints what happened, and returns what is wrong. */
export async function run(scenario: Scenario, seconds: number): Promise<string[]> {
  const { name, partitions, users, operations, busy, lines, isOpen } = scenario;
  const loaded = await load(partitions, all, scenario.wrapper);
  const { port } = loaded;
  const closed: Offer = { port, seconds, users, operations, lines: busy };
  const carried = await capacityOf(closed);
  if (carried === 0) throw new Error(`${name}: nothing was granted`);
  const overload = { ...closed, lines, ...(isOpen && { rate: TIMES * carried }) };
  const probes = scenario.others.map(([, theirs]) => {
    return { port, seconds, users: theirs, ...OTHERS } satisfies Offer;
  });
  const memory = watchMemory(loaded);
  const [flooded, ...others] = await offerAll([overload, ...probes]);
  const highest = memory.highest();
  const [after] = await offerAll([closed]);
  const back_ms = backAfter_ms(after?.slices ?? [], BACK * carried);
  const rows = [
    ['the overload', overload, flooded] as const,
    ...others.map((one, i) => [scenario.others[i]?.[0] ?? '', probes[i], one] as const),
  ].map(([who, offer, one]) => ({ who, offer: offer as Offer, one: one as Offered }));
  const now = memoryOf(loaded.pid)?.rss ?? 0;
  await loaded.stop();
  console.log(`\n${name}\n\ncarries ${thousands(carried * operations)} bets a second\n`);
  console.log(
    table(
      offerHead,
      rows.map(({ who, offer, one }) => offerRow(who, offer, one)),
    ),
  );
  if (isOpen) console.log(`\n${heldLine(flooded as Offered, overload, carried)}`);
  console.log(
    `RSS before / highest / after: ${[memory.before, highest, now].map(mebibytes).join(' / ')}`,
  );
  console.log(`back to 90 % of the throughput before after ${back_ms ?? '(never)'} ms`);
  return [
    ...late(name, (flooded as Offered).accepted, back_ms),
    ...rows.flatMap(({ who, one }) => misanswered(`${name}: ${who}`, one)),
    ...rows
      .slice(1)
      .flatMap(({ who, one }) => [
        ...late(`${name}: ${who}`, one.accepted),
        ...stopped(`${name}: ${who}`, one),
      ]),
  ];
}

function heldLine(offered: Offered, { seconds, operations }: Offer, carried: number): string {
  const times = (offered.sent / seconds / carried).toFixed(1);
  const held = thousands((offered.held * operations) / seconds);
  return `sent was ${times} times as much as it carries; ${held} bets/s more found no free connection`;
}

/** Others are not stopped: most of what they send is granted. */
function stopped(who: string, { sent, accepted }: Offered): string[] {
  const granted = new Histogram(accepted).total;
  return granted >= BACK * sent ? [] : [`${who}: only ${granted} of ${sent} granted`];
}

function watchMemory({ pid }: Loaded): { readonly before: number; highest(): number } {
  const rss = (): number => memoryOf(pid)?.rss ?? 0;
  const before = rss();
  let most = before;
  const timer = setInterval(() => {
    most = Math.max(most, rss());
  }, SAMPLE_MS);
  return {
    before,
    highest: () => {
      clearInterval(timer);
      return most;
    },
  };
}
