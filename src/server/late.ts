import type { FastifyInstance, FastifyRequest, onRequestHookHandler } from 'fastify';
import { TurnEnd } from '../engine/turn-end.js';
import type { Wallet } from '../engine/wallet.js';
import { limits } from './limits.js';
import { Problem } from './problems.js';

/** One for all: there are many of them when there is no time. */
const late = new Problem('overloaded');

/**
 * Refuses requests that are read late in a long turn of the event loop. What comes next waits for
 * the whole of it, and a refusal costs a fraction of an answer: so what is accepted is answered in
 * time, and the rest hears at once. Lists make turns long, so they are the first to be refused.
 */
export class Turns {
  readonly #turnEnd = new TurnEnd();
  #taken = 0;
  #lists = 0;
  #began_ms = 0;

  /** For every route of this scope. */
  constructor(app: FastifyInstance) {
    app.addHook('onClose', async () => this.#turnEnd.close());
    app.addHook('onRequest', (request, _reply, done) => {
      this.#take(request);
      const isLate = this.#taken > limits.turn_requests && this.#age_ms(request) > limits.turn_ms;
      done(isLate ? late : undefined);
    });
  }

  /** For a route of lists: reading one costs as much as carrying it out. */
  refuseLists(wallet: Wallet): onRequestHookHandler {
    return (request, _reply, done) => {
      this.#lists += 1;
      const isLate = this.#lists > limits.turn_lists && this.#age_ms(request) > limits.list_turn_ms;
      done(isLate || wallet.isFull() ? late : undefined);
    };
  }

  #take({ arrived_ms }: FastifyRequest): void {
    if (this.#taken === 0) {
      this.#began_ms = arrived_ms;
      this.#turnEnd.call(() => {
        this.#taken = 0;
        this.#lists = 0;
      });
    }
    this.#taken += 1;
    this.#turnEnd.step();
  }

  #age_ms({ arrived_ms }: FastifyRequest): number {
    return arrived_ms - this.#began_ms;
  }
}
