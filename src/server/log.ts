import type { FastifyBaseLogger } from 'fastify';
import { type Logger, pino } from 'pino';
import type { LogLevel } from './settings.js';

/** A log of one JSON object a line, on stderr: stdout belongs to the command. */
export function openLog(level: LogLevel = 'warn'): Logger {
  const destination = pino.destination(process.stderr.fd);
  destination.on('error', () => {
    // A log that nobody reads, or that its disk has no room for, stops no server.
  });
  return pino({ level }, destination);
}

/**
 * Fastify logs requests only where somebody wants to read them: with a logger it makes a child of
 * it and two listeners for every request, read or not.
 */
export function logging(log: Logger): { loggerInstance: FastifyBaseLogger } | { logger: false } {
  return log.isLevelEnabled('info') ? { loggerInstance: log } : { logger: false };
}
