import type { FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import type { Outcome, PaymentEvent, PaymentEventOutcome } from '../engine/economy.js';
import type { EngineError } from '../engine/errors.js';
import type { PartitionChange, Wallet } from '../engine/wallet.js';
import { limits } from './limits.js';
import { sayingEvery } from './log.js';

/**
 * Logs the end of a partition's thread and what came of it, once for each: the requests that meet
 * it are too many for a line each.
 */
export function logIncidents(app: FastifyInstance, wallet: Wallet, log: Logger): void {
  const end = wallet.watch((change) => logChange(log, change));
  app.addHook('onClose', async () => end());
}

function logChange(log: Logger, change: PartitionChange): void {
  const { partition, state, restarts, cause: err } = change;
  if (state === 'recovering') {
    log.error({ partition, err }, 'the partition stopped serving, and recovers from its journal');
  } else if (state === 'failed') {
    log.fatal({ partition, err }, 'the partition is not served before the next start');
  } else {
    log.warn({ partition, restarts }, 'the partition serves again');
  }
}

/**
 * Logs what the engine refused: each at `debug`, and while the disk is too full to be written to a
 * line now and then at `error`, for that ends without a word.
 */
export function logRefusals(log: Logger): (err: EngineError, reqId: string) => void {
  const isTime = sayingEvery(limits.full_disk_told_ms);
  return (err, reqId) => {
    log.debug({ err, reqId }, 'the engine refuses');
    if (err.code !== 'storage_unavailable' || !isTime()) return;
    log.error({ err, reqId }, 'writes are refused: the disk is almost full');
  };
}

/** Logs a callback that gave nobody money, though its provider may have it: a person has to look. */
export function logHeld(
  log: Logger,
  provider: string,
  { event_id, provider_ref }: PaymentEvent,
  outcome: Outcome<PaymentEventOutcome>,
): void {
  if (!outcome.ok) return;
  const { status, payment_id } = outcome.value;
  if (status === 'review') {
    log.warn({ provider, event_id, payment_id, provider_ref }, 'a payment is held for review');
  } else if (status === 'parked') {
    log.warn({ provider, event_id, provider_ref }, 'a callback waits for its payment to be made');
  }
}
