import { type EventEmitter, once } from 'node:events';
import autocannon from 'autocannon';
import { thousands } from '../../bench/support/report.js';
import { Bets } from '../../bench/support/requests.js';
import { Histogram, milliseconds } from '../load/histogram.js';
import { Helper, type Loaded } from '../load/program.js';
import type { Offer, Offered } from './client.js';

const CLIENT = new URL('./client.js', import.meta.url);
const SAMPLE_MS = 250;
const CLOSED_CONNECTIONS = 64;
/** The server's own code is warm after so long. */
const WARM_UP_MS = 2_000;

/** Answers a second of a closed loop, for each sample of `SAMPLE_MS`. */
export async function closedLoop(
  { server }: Loaded,
  users: readonly string[],
  seconds: number,
): Promise<number[]> {
  const bets = new Bets(users, 'random', Date.now());
  const setupRequest = (request: autocannon.Request): autocannon.Request => {
    const { op: _, ...body } = bets.next();
    return { ...request, body: JSON.stringify(body) };
  };
  const headers = { 'content-type': 'application/json' };
  const requests = [{ method: 'POST', path: '/transaction/bet', headers, setupRequest } as const];
  const rates: number[] = new Array((seconds * 1_000) / SAMPLE_MS).fill(0);
  const options = { connections: CLOSED_CONNECTIONS, duration: seconds, requests };
  const running: EventEmitter = autocannon({ ...options, url: server.url }, () => {});
  const begun = performance.now();
  running.on('response', () => {
    const sample = Math.floor((performance.now() - begun) / SAMPLE_MS);
    if (sample < rates.length) rates[sample] = (rates[sample] ?? 0) + 1_000 / SAMPLE_MS;
  });
  await once(running, 'done');
  return rates;
}

export async function capacityOf(
  loaded: Loaded,
  users: readonly string[],
  seconds: number,
): Promise<number> {
  const rates = await closedLoop(loaded, users, seconds + WARM_UP_MS / 1_000);
  const warm = rates.slice(WARM_UP_MS / SAMPLE_MS);
  return warm.reduce((sum, rate) => sum + rate, 0) / warm.length;
}

/** Until a second was, on average, as fast as it should be. */
export function backAfter_ms(rates: readonly number[], wanted: number): number | undefined {
  const window = 1_000 / SAMPLE_MS;
  for (let from = 0; from + window <= rates.length; from++) {
    const sum = rates.slice(from, from + window).reduce((total, rate) => total + rate, 0);
    if (sum / window >= wanted) return from * SAMPLE_MS;
  }
  return undefined;
}

/** Offers of several clients at once, each in a process of its own. */
export async function offerAll(offers: readonly Offer[]): Promise<Offered[]> {
  const clients = offers.map(() => new Helper<Offer, Offered>(CLIENT));
  try {
    return await Promise.all(clients.map((client, i) => client.ask(offers[i] as Offer)));
  } finally {
    for (const client of clients) client.stop();
  }
}

export const offerHead: readonly string[] = [
  '',
  'sent/s',
  'accepted/s',
  'p50',
  'p99',
  'max',
  'refused/s',
  'p99',
  'without Retry-After',
];

/** A line of the table for what some clients saw together. */
export function offerRow(name: string, seconds: number, all: readonly Offered[]): string[] {
  const [accepted, refused] = [new Histogram(), new Histogram()];
  for (const one of all) {
    accepted.merge(one.accepted);
    refused.merge(one.refused);
  }
  const sum = (of: (one: Offered) => number) => all.reduce((total, one) => total + of(one), 0);
  return [
    name,
    thousands(sum(({ sent }) => sent) / seconds),
    thousands(accepted.total / seconds),
    ...[accepted.quantile_ms(0.5), accepted.quantile_ms(0.99)].map(milliseconds),
    milliseconds(accepted.highest_ms),
    thousands(refused.total / seconds),
    milliseconds(refused.quantile_ms(0.99)),
    `${sum(({ withoutRetryAfter }) => withoutRetryAfter)}`,
  ];
}

/** What should not be: answers that are neither granted nor refused as overloaded. */
export function faultsOf(all: readonly Offered[]): string[] {
  const without = all.filter(({ withoutRetryAfter }) => withoutRetryAfter > 0);
  return [...all.flatMap(({ faults }) => faults), ...without.map(() => 'no Retry-After')];
}
