import type { FastifyInstance } from 'fastify';
import type { Health, Wallet } from '../../engine/wallet.js';
import { isStopping } from '../drain.js';
import { limits } from '../limits.js';
import { METRICS_TYPE } from '../metrics/exposition.js';
import type { Metrics } from '../metrics/metrics.js';
import { described, type Operation } from '../operation.js';
import { answer, oneOf, text, time } from '../schemas/parts.js';

const state = answer({
  status: oneOf('UP', 'DOWN'),
  database: oneOf('CONNECTED', 'READ_ONLY', 'DOWN'),
  service: text,
  timestamp: time,
  version: text,
});

const up = {
  status: 'UP',
  database: 'CONNECTED',
  service: 'purser',
  timestamp: '2026-01-31T12:00:00.000Z',
  version: '0.1.0',
};

const health: Operation = {
  method: 'GET',
  url: '/health',
  id: 'health',
  tag: 'Service',
  summary: 'Whether every partition serves, and goes on to; READ_ONLY: one has no room on its disk',
  answers: { 200: state, 503: state },
  examples: { 200: up, 503: { ...up, status: 'DOWN', database: 'DOWN' } },
};

const metricsOperation: Operation = {
  method: 'GET',
  url: '/metrics',
  id: 'metrics',
  tag: 'Service',
  summary: 'Prometheus text',
  access: { scope: 'wallet' },
  mediaType: 'text/plain',
  answers: { 200: text },
  examples: { 200: 'purser_up 1\n' },
};

/**
 * `GET /health`: 200 while every partition serves and nobody stops the server, else 503; for load
 * balancers, so without key. On a full disk it is 200: reads are served, and a restart helps nobody.
 */
export function healthRoute(app: FastifyInstance, wallet: Wallet, version: string): void {
  app.get(health.url, { config: described(health) }, (_request, reply) => {
    const now = wallet.health();
    const isUp = now.ok && !isStopping(app);
    if (!isUp) reply.header('retry-after', limits.retry_after_s);
    return reply.code(isUp ? 200 : 503).send({
      status: isUp ? 'UP' : 'DOWN',
      database: databaseOf(now),
      service: 'purser',
      timestamp: new Date().toISOString(),
      version,
    });
  });
}

function databaseOf({ ok, partitions }: Health): string {
  if (!ok) return 'DOWN';
  return partitions.some(({ room_bytes }) => room_bytes < 0) ? 'READ_ONLY' : 'CONNECTED';
}

/** `GET /metrics`: Prometheus text. */
export function metricsRoute(app: FastifyInstance, metrics: Metrics): void {
  app.get(
    metricsOperation.url,
    { config: described(metricsOperation) },
    async (_request, reply) => {
      const text = await metrics.text();
      return reply.type(METRICS_TYPE).send(text);
    },
  );
}
