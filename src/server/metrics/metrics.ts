import type { Health } from '../../engine/wallet.js';
import { engineFamilies } from './engine.js';
import { format } from './exposition.js';
import { processFamilies } from './process.js';
import { RouteMetrics, routeFamilies } from './routes.js';

/** What `GET /metrics` shows; the figures of the engine are read when somebody asks. */
export class Metrics {
  readonly #routes = new Map<string, RouteMetrics>();
  readonly #health: () => Health;

  constructor(health: () => Health) {
    this.#health = health;
  }

  /** The counters of one route, such as `/v1/players/:id`. */
  route(path: string): RouteMetrics {
    const known = this.#routes.get(path);
    if (known !== undefined) return known;
    const made = new RouteMetrics();
    this.#routes.set(path, made);
    return made;
  }

  /** The Prometheus text format. */
  text(): string {
    const routes = routeFamilies([...this.#routes]);
    return format([...routes, ...engineFamilies(this.#health()), ...processFamilies()]);
  }
}
