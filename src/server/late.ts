import type { FastifyInstance } from 'fastify';
import { TurnEnd } from '../engine/turn-end.js';
import type { Wallet } from '../engine/wallet.js';
import { type Inspect, readBodies } from './formats.js';
import { limits } from './limits.js';
import { Problem } from './problems.js';

/** One for all: there are many of them when there is no time. */
const late = new Problem('overloaded');

/** What is late in a turn: the one after so many of its kind, once the turn has lasted so long. */
const bounds = {
  request: { count: limits.turn_requests, age_ms: limits.turn_ms },
  list: { count: limits.turn_lists, age_ms: limits.list_turn_ms },
  /** The body of a list, which may come in a later turn than its headers. */
  listBody: { count: limits.turn_lists, age_ms: limits.list_turn_ms },
} as const;

type Kind = keyof typeof bounds;

/**
 * Refuses requests that are read late in a long turn of the event loop. What comes next waits for
 * the whole of it, and a refusal costs a fraction of an answer: so what is accepted is answered in
 * time, and the rest hears at once. Lists make turns long, so they are the first to be refused.
 */
export class Turns {
  readonly #turnEnd = new TurnEnd();
  readonly #seen: Record<Kind, number> = { request: 0, list: 0, listBody: 0 };
  #isOpen = false;
  #began_ms = 0;

  /** For every route of this scope. */
  constructor(app: FastifyInstance) {
    app.addHook('onClose', async () => this.#turnEnd.close());
    app.addHook('onRequest', ({ arrived_ms }, _reply, done) => {
      done(this.#isLate('request', arrived_ms) ? late : undefined);
    });
  }

  /**
   * For a scope whose routes take lists. They are refused before their bodies are read, where that
   * can be, and again before they are parsed, which costs as much as carrying them out: of those
   * that were announced in time, many may have come at once.
   */
  refuseLists(scope: FastifyInstance, wallet: Wallet, inspect?: Inspect): void {
    const isLate = (kind: Kind, now_ms: number): boolean => {
      return this.#isLate(kind, now_ms) || wallet.isFull();
    };
    scope.addHook('onRequest', ({ arrived_ms }, _reply, done) => {
      done(isLate('list', arrived_ms) ? late : undefined);
    });
    readBodies(scope, (bytes, request) => {
      if (isLate('listBody', performance.now())) throw late;
      inspect?.(bytes, request);
    });
  }

  /** Counts one more in this turn of the event loop. */
  #isLate(kind: Kind, now_ms: number): boolean {
    if (!this.#isOpen) this.#begin(now_ms);
    this.#turnEnd.step();
    this.#seen[kind] += 1;
    const { count, age_ms } = bounds[kind];
    return this.#seen[kind] > count && now_ms - this.#began_ms > age_ms;
  }

  #begin(now_ms: number): void {
    this.#isOpen = true;
    this.#began_ms = now_ms;
    this.#turnEnd.call(() => {
      this.#isOpen = false;
      for (const kind of Object.keys(bounds) as Kind[]) this.#seen[kind] = 0;
    });
  }
}
