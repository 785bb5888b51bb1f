import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Metrics } from './metrics.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** When the headers had arrived, on the clock of `performance.now()`. */
    arrived_ms: number;
  }
}

type Done = (error?: Error | null, payload?: unknown) => void;

/** Counts and times the answers of every route that is added after this. */
export function measure(app: FastifyInstance, metrics: Metrics): void {
  app.decorateRequest('arrived_ms', 0);
  app.addHook('onRequest', (request, _reply, done) => {
    request.arrived_ms = performance.now();
    done();
  });
  app.addHook('onRoute', (route) => {
    const method = String(route.method);
    // Fastify answers HEAD where there is a GET, as the same but for the body.
    const counters = metrics.route(method.startsWith('HEAD') ? 'GET' : method, route.url);
    const count = (request: FastifyRequest, reply: FastifyReply, _payload: unknown, done: Done) => {
      counters.count(reply.statusCode, request.arrived_ms);
      done();
    };
    route.onSend = [count].concat(route.onSend ?? []);
  });
}
