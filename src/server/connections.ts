import { type ServerResponse, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { ConnectionError } from 'fastify';
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
