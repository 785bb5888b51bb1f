import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { FastifyInstance } from 'fastify';
import { limits } from './limits.js';
import { Problem, problemBody } from './problems.js';

/**
 * Stops a server without losing an answer. D1: a request that had arrived is answered. D2: a later
 * one gets 503 `overloaded` and `Connection: close`, and nothing is done. D3: a connection is
 * closed once it waits for nothing. D4: after `limits.drain_ms` the rest is cut off.
 */
export async function drain(app: FastifyInstance): Promise<void> {
  const { server } = app;
  server.removeAllListeners('request');
  server.on('request', refuse);
  await closed(server);
  await app.close();
}

function refuse(request: IncomingMessage, response: ServerResponse): void {
  const problem = new Problem('overloaded', 'The server is stopping; nothing was done.');
  response.writeHead(problem.status, {
    'content-type': 'application/problem+json',
    'retry-after': String(limits.retry_after_s),
    connection: 'close',
  });
  response.end(problemBody(problem));
  request.resume();
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => {
    const idle = setInterval(() => server.closeIdleConnections(), limits.drain_check_ms);
    const end = setTimeout(() => server.closeAllConnections(), limits.drain_ms);
    server.close(() => {
      clearInterval(idle);
      clearTimeout(end);
      resolve();
    });
  });
}
