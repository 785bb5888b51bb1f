import type { FastifyBaseLogger } from 'fastify';
import { type Logger, pino } from 'pino';
import type { LogLevel } from './settings.js';

/** A log of one JSON object a line, on stderr: stdout belongs to the command. */
export function openLog(level: LogLevel = 'warn'): Logger {
  return pino({ level }, pino.destination(process.stderr.fd));
}

/**
 * Fastify logs requests only where somebody wants to read them: with a logger it makes a child of
 * it and two listeners for every request, read or not.
 */
export function logging(log: Logger): { loggerInstance: FastifyBaseLogger } | { logger: false } {
  return log.isLevelEnabled('info') ? { loggerInstance: log } : { logger: false };
}
