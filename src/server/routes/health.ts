import type { FastifyInstance } from 'fastify';
import type { Wallet } from '../../engine/wallet.js';
import { METRICS_TYPE } from '../metrics/exposition.js';
import type { Metrics } from '../metrics/metrics.js';

/** `GET /health`: 200 while every partition serves, else 503; for load balancers, so without key. */
export function healthRoute(app: FastifyInstance, wallet: Wallet, version: string): void {
  app.get('/health', (_request, reply) => {
    const { ok } = wallet.health();
    return reply.code(ok ? 200 : 503).send({
      status: ok ? 'UP' : 'DOWN',
      database: ok ? 'CONNECTED' : 'DOWN',
      service: 'purser',
      timestamp: new Date().toISOString(),
      version,
    });
  });
}

/** `GET /metrics`: Prometheus text. */
export function metricsRoute(app: FastifyInstance, metrics: Metrics): void {
  app.get('/metrics', (_request, reply) => reply.type(METRICS_TYPE).send(metrics.text()));
}
