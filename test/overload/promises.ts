import { Histogram, milliseconds, type Told } from '../load/histogram.js';
import type { Offered } from './client.js';

const IN_TIME_MS = 1_000;

/** What misses the promise: a second at p99 for what is accepted, and a second to be back. */
export function late(where: string, accepted: Told, back_ms: number | undefined = 0): string[] {
  const p99 = new Histogram(accepted).quantile_ms(0.99);
  const faults: string[] = [];
  if (!(p99 <= IN_TIME_MS)) faults.push(`${where}: p99 of the accepted is ${milliseconds(p99)}`);
  if (back_ms === undefined || back_ms > IN_TIME_MS) faults.push(`${where}: full speed too late`);
  return faults;
}

/** Answers that are neither granted nor refused as overloaded, and refusals that come late. */
export function misanswered(where: string, offered: Offered): string[] {
  const faults = offered.faults.map((fault) => `${where}: ${fault}`);
  if (offered.withoutRetryAfter > 0) faults.push(`${where}: refused without Retry-After`);
  const refused = new Histogram(offered.refused);
  if (refused.total > 0 && refused.quantile_ms(0.99) > IN_TIME_MS) {
    faults.push(`${where}: p99 of the refused is ${milliseconds(refused.quantile_ms(0.99))}`);
  }
  return faults;
}
