import type { Wallet } from '../../engine/wallet.js';
import { accountFamilies } from './accounts.js';
import { CallbackMetrics } from './callbacks.js';
import { engineFamilies } from './engine.js';
import { format } from './exposition.js';
import { processFamilies } from './process.js';
import { type MeasuredRoute, RouteMetrics, routeFamilies } from './routes.js';

/** What `GET /metrics` shows; the figures of the engine are read when somebody asks. */
export class Metrics {
  readonly callbacks: CallbackMetrics;
  readonly #routes = new Map<string, MeasuredRoute>();
  readonly #wallet: Wallet;

  /** `providers`: of payments, whose callbacks are taken. */
  constructor(wallet: Wallet, providers: Iterable<string>) {
    this.#wallet = wallet;
    this.callbacks = new CallbackMetrics(providers);
  }

  /** The counters of one route, such as GET and `/v1/players/:id`; `none`: of what is at no route. */
  route(method: string, route: string): RouteMetrics {
    const key = `${method} ${route}`;
    const measured = this.#routes.get(key) ?? {
      labels: { method, route },
      metrics: new RouteMetrics(),
    };
    this.#routes.set(key, measured);
    return measured.metrics;
  }

  /** The Prometheus text format. */
  async text(): Promise<string> {
    const accounts = await accountFamilies(() => this.#wallet.books());
    const routes = routeFamilies([...this.#routes.values()]);
    const engine = engineFamilies(this.#wallet.health());
    return format([
      ...routes,
      this.callbacks.family(),
      ...engine,
      ...accounts,
      ...processFamilies(),
    ]);
  }
}
