import { randomUUID } from 'node:crypto';
import { setImmediate as nextTurn, setTimeout as wait } from 'node:timers/promises';
import { EngineError, openWallet, type Wallet } from 'purser';
import { Histogram, type Told } from '../load/histogram.js';
import { memoryOf } from '../load/memory.js';
import { backAfter_ms, countIn, rateOf, slicesOf } from '../load/slices.js';

/**
 * The engine without HTTP, in a process of its own: what it carries with a fixed number in
 * flight, then ten times that at a fixed rate, then the first again. Prints a report as JSON.
 */
export interface EngineReport {
  readonly capacity: number;
  readonly offered: number;
  readonly accepted: Told;
  readonly refused: Told;
  readonly faults: readonly string[];
  readonly rss: { readonly before: number; readonly highest: number; readonly after: number };
  /** Until the throughput was back to 90 percent; undefined: not within the time measured. */
  readonly back_ms: number | undefined;
}

const WIDTH = 4_000;
const TICK_MS = 2;
/** So that sending does not keep the answers of the same thread waiting. */
const TURN_REQUESTS = 1_024;
const [directory = '', seconds = '10'] = process.argv.slice(2);
const duration_ms = Number(seconds) * 1_000;
const users = Array.from({ length: 10_000 }, (_, i) => `user${i}`);

function bet(): Parameters<Wallet['bet']>[0] {
  const user = users[Math.floor(Math.random() * users.length)] ?? '';
  const ids = { transaction_uuid: randomUUID(), request_uuid: randomUUID() };
  return { user, ...ids, currency: 'USD', amount: 1 };
}

/** Answers of a closed loop in each slice of time. */
async function closedLoop(wallet: Wallet, time_ms: number): Promise<number[]> {
  const slices = slicesOf(time_ms);
  const begun = performance.now();
  const one = async (): Promise<void> => {
    for (;;) {
      await wallet.bet(bet()).catch(ignoreOverload);
      const time = performance.now() - begun;
      if (time >= time_ms) return;
      countIn(slices, time);
    }
  };
  await Promise.all(Array.from({ length: WIDTH }, one));
  return slices;
}

async function ignoreOverload(error: unknown): Promise<void> {
  if (!(error instanceof EngineError && error.code === 'overloaded')) throw error;
  await wait(TICK_MS);
}

interface Tally {
  readonly accepted: Histogram;
  readonly refused: Histogram;
  readonly faults: string[];
  sent: number;
  pending: number;
}

function send(wallet: Wallet, tally: Tally): void {
  const at = performance.now();
  tally.sent += 1;
  tally.pending += 1;
  const settle = (take: () => void) => {
    tally.pending -= 1;
    take();
  };
  wallet.bet(bet()).then(
    () => settle(() => tally.accepted.add(performance.now() - at)),
    (error: unknown) => settle(() => refuse(tally, performance.now() - at, error)),
  );
}

function refuse(tally: Tally, duration: number, error: unknown): void {
  if (error instanceof EngineError && error.code === 'overloaded') tally.refused.add(duration);
  else if (tally.faults.length < 5) tally.faults.push(String(error));
}

async function openLoop(wallet: Wallet, rate: number): Promise<Tally> {
  const tally = {
    ...{ accepted: new Histogram(), refused: new Histogram(), faults: [] },
    ...{ sent: 0, pending: 0 },
  };
  const begun = performance.now();
  for (let now = begun; now < begun + duration_ms; now = performance.now()) {
    const due = Math.min(((now - begun) * rate) / 1_000, tally.sent + TURN_REQUESTS);
    while (tally.sent < due) send(wallet, tally);
    if (tally.sent * 1_000 < (now - begun) * rate) await nextTurn();
    else await wait(TICK_MS);
  }
  return tally;
}

const rss = (): number => memoryOf(process.pid)?.rss ?? process.memoryUsage.rss();
const wallet = await openWallet({
  dataDir: directory,
  partitions: 1,
  initialBalance: 1_000_000_000,
});
await wallet.createUsers(users);
await closedLoop(wallet, duration_ms / 2);
const slices = await closedLoop(wallet, duration_ms);
const capacity = rateOf(slices);
const before = rss();
let highest = before;
const timer = setInterval(() => {
  highest = Math.max(highest, rss());
}, 200);
const tally = await openLoop(wallet, 10 * capacity);
const after = await closedLoop(wallet, duration_ms);
while (tally.pending > 0) await wait(TICK_MS);
clearInterval(timer);
const report: EngineReport = {
  capacity,
  offered: tally.sent / Number(seconds),
  accepted: { ...tally.accepted },
  refused: { ...tally.refused },
  faults: tally.faults,
  rss: { before, highest, after: rss() },
  back_ms: backAfter_ms(after, 0.9 * capacity),
};
await wallet.close();
console.log(JSON.stringify(report));
