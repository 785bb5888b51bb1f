import type { FastifyInstance, FastifyRequest } from 'fastify';
import { limits } from './limits.js';
import { Problem } from './problems.js';

/** Bounds what large bodies take together, from their headers to their answers. */
export function boundLargeBodies(app: FastifyInstance): void {
  const full = new Problem('overloaded');
  let underWay = 0;
  app.addHook('onRequest', (request, { raw }, done) => {
    const bytes = announced(request);
    if (bytes <= limits.small_body_bytes) done();
    else if (underWay + bytes > limits.large_bodies_bytes) done(full);
    else {
      underWay += bytes;
      raw.once('close', () => {
        underWay -= bytes;
      });
      done();
    }
  });
}

/** What a body may come to: as its headers say, or as much as the route takes. */
function announced({ headers, routeOptions }: FastifyRequest): number {
  const { bodyLimit = limits.body_bytes } = routeOptions;
  if (headers['transfer-encoding'] !== undefined) return bodyLimit;
  return Math.min(Number(headers['content-length'] ?? 0), bodyLimit);
}
