import assert from 'node:assert/strict';
import type { Outcome, PaymentEventOutcome } from '../../engine/economy.js';
import { counter, type Family, type Sample } from './exposition.js';

const statuses: Readonly<Record<PaymentEventOutcome['status'] | 'refused', true>> = {
  applied: true,
  duplicate: true,
  review: true,
  parked: true,
  refused: true,
};

/** Answered callbacks of payment providers; only those with a secret come so far. */
export class CallbackMetrics {
  readonly #samples = new Map<string, Sample & { value: number }>();

  /** All begin at zero: a figure that is not there before its first event is no increase to Prometheus. */
  constructor(providers: Iterable<string>) {
    for (const provider of providers) {
      for (const status of Object.keys(statuses)) {
        this.#samples.set(`${provider} ${status}`, { labels: { provider, status }, value: 0 });
      }
    }
  }

  /** Of a provider under its name in the settings, or with `-` for `_`. */
  count(provider: string, outcome: Outcome<PaymentEventOutcome>): void {
    const status = outcome.ok ? outcome.value.status : 'refused';
    const sample = this.#samples.get(`${provider.replaceAll('-', '_')} ${status}`);
    assert.ok(sample !== undefined, 'only a provider with a secret is heard');
    sample.value += 1;
  }

  family(): Family {
    const help = 'What became of the callbacks of payment providers; review waits for a person';
    return counter('purser_payment_callbacks_total', help, [...this.#samples.values()]);
  }
}
