import type { Wallet } from '../../engine/wallet.js';
import { accountFamilies } from './accounts.js';
import { CallbackMetrics } from './callbacks.js';
import { engineFamilies } from './engine.js';
import { format } from './exposition.js';
import { processFamilies } from './process.js';
import { RouteMetrics, routeFamilies } from './routes.js';

/** What `GET /metrics` shows; the figures of the engine are read when somebody asks. */
export class Metrics {
  readonly callbacks: CallbackMetrics = new CallbackMetrics();
  readonly #routes = new Map<string, RouteMetrics>();
  readonly #wallet: Wallet;

  constructor(wallet: Wallet) {
    this.#wallet = wallet;
  }

  /** The counters of one route, such as `/v1/players/:id`; `none`: of what is at no route. */
  route(path: string): RouteMetrics {
    const known = this.#routes.get(path);
    if (known !== undefined) return known;
    const made = new RouteMetrics();
    this.#routes.set(path, made);
    return made;
  }

  /** The Prometheus text format. */
  async text(): Promise<string> {
    const accounts = await accountFamilies(() => this.#wallet.books());
    const routes = routeFamilies([...this.#routes]);
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
