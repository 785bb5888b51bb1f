import { thousands } from '../../bench/support/report.js';
import { Histogram, milliseconds } from '../load/histogram.js';
import { Helper } from '../load/program.js';
import { rateOf } from '../load/slices.js';
import type { Offer, Offered } from './client.js';

const CLIENT = new URL('./client.js', import.meta.url);
/** The server's own code is warm after so long. */
const WARM_UP_S = 2;

/** Offers of several clients at once, each in a process of its own. */
export async function offerAll(offers: readonly Offer[]): Promise<Offered[]> {
  const clients = offers.map(() => new Helper<Offer, Offered>(CLIENT));
  try {
    return await Promise.all(clients.map((client, i) => client.ask(offers[i] as Offer)));
  } finally {
    for (const client of clients) client.stop();
  }
}

/** Requests that are granted a second when each connection waits for its answer. */
export async function capacityOf(offer: Offer): Promise<number> {
  await offerAll([{ ...offer, seconds: WARM_UP_S }]);
  const [offered] = await offerAll([offer]);
  return rateOf(offered?.slices ?? []);
}

export const offerHead: readonly string[] = [
  '',
  'sent bets/s',
  'accepted bets/s',
  'p50',
  'p99',
  'max',
  'refused bets/s',
  'p50',
  'p99',
  'without Retry-After',
];

/** A line of the table for what a client saw. */
export function offerRow(name: string, offer: Offer, offered: Offered): string[] {
  const [accepted, refused] = [new Histogram(offered.accepted), new Histogram(offered.refused)];
  const betsOf = (requests: number) => thousands((requests * offer.operations) / offer.seconds);
  return [
    name,
    betsOf(offered.sent),
    betsOf(accepted.total),
    ...[accepted.quantile_ms(0.5), accepted.quantile_ms(0.99), accepted.highest_ms].map(
      milliseconds,
    ),
    betsOf(refused.total),
    ...[refused.quantile_ms(0.5), refused.quantile_ms(0.99)].map(milliseconds),
    `${offered.withoutRetryAfter}`,
  ];
}
