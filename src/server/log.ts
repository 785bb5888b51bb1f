import type { FastifyBaseLogger } from 'fastify';
import { type Logger, pino } from 'pino';
import type { LogLevel } from './settings.js';

/**
 * A log of one JSON object a line, on stderr: stdout belongs to the command. Lines that cannot be
 * written are lost, as the command has it for all that it says there; pino's own way to a file
 * would try again for ever when the process is to end.
 */
export function openLog(level: LogLevel = 'warn'): Logger {
  return pino({ level }, process.stderr);
}

/**
 * Fastify logs requests only where somebody wants to read them: with a logger it makes a child of
 * it and two listeners for every request, read or not.
 */
export function logging(log: Logger): { loggerInstance: FastifyBaseLogger } | { logger: false } {
  return log.isLevelEnabled('info') ? { loggerInstance: log } : { logger: false };
}

/** Tells whether it is time to say again what goes on: it was not said for so long. */
export function sayingEvery(pause_ms: number): () => boolean {
  let said_ms = Number.NEGATIVE_INFINITY;
  return () => {
    const now_ms = performance.now();
    if (now_ms - said_ms < pause_ms) return false;
    said_ms = now_ms;
    return true;
  };
}
