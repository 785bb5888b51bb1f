import type { FastifyInstance } from 'fastify';
import { TurnEnd } from '../engine/turn-end.js';
import { limits } from './limits.js';
import { Problem } from './problems.js';

/**
 * Refuses requests that are read late in a long turn of the event loop. What comes next waits for
 * the whole of it, and a refusal costs a fraction of an answer: so what is accepted is answered in
 * time, and the rest hears at once.
 */
export function refuseLate(app: FastifyInstance): void {
  const turnEnd = new TurnEnd();
  app.addHook('onClose', async () => turnEnd.close());
  let [taken, began_ms] = [0, 0];
  app.addHook('onRequest', ({ arrived_ms }, _reply, done) => {
    if (taken === 0) {
      began_ms = arrived_ms;
      turnEnd.call(() => {
        taken = 0;
      });
    }
    taken += 1;
    turnEnd.step();
    const isLate = taken > limits.turn_requests && arrived_ms - began_ms > limits.turn_ms;
    done(isLate ? late : undefined);
  });
}

/** One for all: there are many of them when there is no time. */
const late = new Problem('overloaded');
