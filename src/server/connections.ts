import { readdirSync } from 'node:fs';
import { type Server, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { ConnectionError } from 'fastify';
import type { Logger } from 'pino';
import { processLimit } from '../engine/process-limits.js';
import { limits } from './limits.js';
import { sayingEvery } from './log.js';
import { Problem, type ProblemCode, problemBody } from './problems.js';

const parserProblems: Readonly<Record<string, ProblemCode>> = {
  ERR_HTTP_REQUEST_TIMEOUT: 'request_timeout',
  HPE_HEADER_OVERFLOW: 'headers_too_large',
};

/** Answers what is no HTTP request, or came too slowly, and closes the connection. */
export function refuseConnection(error: ConnectionError, socket: Socket): void {
  if (socket.writable && !isAnswering(socket)) {
    socket.end(refusal(parserProblems[error.code ?? ''] ?? 'malformed_request'));
  } else {
    socket.destroy();
  }
}

/** Node's name for the answer that a socket is to carry next. */
interface AnsweringSocket extends Socket {
  readonly _httpMessage?: ServerResponse | null;
}

/** Whether an earlier request still waits, so that a refusal now would look like its answer. */
function isAnswering({ _httpMessage: next }: AnsweringSocket): boolean {
  return next?.headersSent === true || next?.req.complete === true;
}

function refusal(code: ProblemCode): string {
  const problem = new Problem(code);
  const body = problemBody(problem);
  return [
    `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status]}`,
    'Content-Type: application/problem+json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
    '',
    body,
  ].join('\r\n');
}

/**
 * Bounds the connections, so that they leave files to the rest of the process: a thread that is
 * started again, an audit, the documentation. One too many is closed unheard.
 */
export function boundConnections(server: Server, log: Logger): void {
  const most = mostConnections();
  if (most === undefined) return;
  server.maxConnections = most;
  const isTime = sayingEvery(limits.dropped_told_ms);
  server.on('drop', () => {
    if (!isTime()) return;
    log.error({ most }, 'connections are closed: there are as many as its files allow (ulimit -n)');
  });
}

/** Which files are open, where the system tells how many there may be. */
const FILES = '/proc/self/fd';

function mostConnections(): number | undefined {
  const most = processLimit('Max open files');
  if (most === undefined) return undefined;
  const left = most - readdirSync(FILES).length;
  return Math.max(left - limits.spare_files, Math.ceil(left / 2), 1);
}
