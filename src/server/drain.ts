import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import type { FastifyInstance } from 'fastify';
import { limits } from './limits.js';
import { Problem } from './problems.js';

const stopping = new WeakSet<Server>();
const connections = new WeakMap<Server, Set<Socket>>();

export function isStopping({ server }: FastifyInstance): boolean {
  return stopping.has(server);
}

/** For every route that is added after this: its answers end their connections once the server stops. */
export function endConnectionsWhenStopping(app: FastifyInstance): void {
  const open = new Set<Socket>();
  connections.set(app.server, open);
  app.server.on('connection', (socket: Socket) => {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
  });
  app.addHook('onSend', (_request, reply, _payload, done) => {
    if (isStopping(app)) reply.header('connection', 'close');
    done();
  });
}

/** For every route of this scope: what comes once the server stops is refused. */
export function refuseWhenStopping(scope: FastifyInstance): void {
  const refusal = new Problem('overloaded', 'The server is stopping; nothing was done.');
  scope.addHook('onRequest', (_request, _reply, done) => {
    done(isStopping(scope) ? refusal : undefined);
  });
}

/**
 * Stops a server without losing an answer. E1: a request that had arrived is answered. E2: a later
 * one gets 503 `overloaded`, and nothing is done; who asks after the health hears DOWN. E3: either
 * answer says `Connection: close`; idle connections, and those that never sent anything, are closed
 * a moment later, for a client may just be sending. E4: after `limits.drain_ms` the rest is cut off.
 */
export async function drain(app: FastifyInstance): Promise<void> {
  const { server } = app;
  stopping.add(server);
  if ((await connectionsOf(server)) > 0) await wait(limits.drain_idle_ms);
  await closed(server);
  await app.close();
}

function connectionsOf(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.getConnections((error, count) => (error === null ? resolve(count) : reject(error)));
  });
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => {
    const idle = setInterval(() => closeIdle(server), limits.drain_check_ms);
    const end = setTimeout(() => server.closeAllConnections(), limits.drain_ms);
    server.close(() => {
      clearInterval(idle);
      clearTimeout(end);
      resolve();
    });
  });
}

/** Node calls busy what has never sent anything: a probe, or a client that is about to. */
function closeIdle(server: Server): void {
  server.closeIdleConnections();
  for (const socket of connections.get(server) ?? []) if (socket.bytesRead === 0) socket.destroy();
}
