import type { Outcome, PaymentEventOutcome } from '../../engine/economy.js';
import type { Family, Sample } from './exposition.js';

/** Answered callbacks of payment providers; only those with a secret come so far. */
export class CallbackMetrics {
  readonly #samples = new Map<string, Sample & { value: number }>();

  count(provider: string, outcome: Outcome<PaymentEventOutcome>): void {
    const status = outcome.ok ? outcome.value.status : 'refused';
    const key = `${provider} ${status}`;
    const sample = this.#samples.get(key) ?? { labels: { provider, status }, value: 0 };
    sample.value += 1;
    this.#samples.set(key, sample);
  }

  family(): Family {
    return {
      name: 'purser_payment_callbacks_total',
      type: 'counter',
      help: 'What became of the callbacks of payment providers; review waits for a person',
      samples: [...this.#samples.values()],
    };
  }
}
