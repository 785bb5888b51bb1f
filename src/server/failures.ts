import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import { EngineError, type EngineErrorCode } from '../engine/errors.js';
import { answerMessagePack, wantsMessagePack } from './formats.js';
import { logRefusals } from './incidents.js';
import { limits } from './limits.js';
import { isChallenge, Problem, type ProblemCode, problemBody, spokenOf } from './problems.js';
import { ruleOf } from './schemas/patterns.js';
import { InvalidSignature } from './signatures.js';

const engineProblems: Readonly<Record<EngineErrorCode, ProblemCode>> = {
  overloaded: 'overloaded',
  storage_unavailable: 'storage_unavailable',
  unavailable: 'unavailable',
  // Nothing was done, and another process may take the work: the same to a caller.
  closed: 'overloaded',
};

/** What a status means that Fastify itself has chosen. */
const frameworkProblems: Readonly<Record<number, ProblemCode>> = {
  400: 'malformed_request',
  // Of the documentation's files: a path that leads out of them.
  403: 'not_found',
  404: 'not_found',
  408: 'request_timeout',
  413: 'payload_too_large',
  414: 'not_found',
  415: 'unsupported_media_type',
};

/** Answers every error of a request; what nobody foresaw is logged and told as `internal_error`. */
export function answerFailures(log: Logger) {
  const refused = logRefusals(log);
  return (error: unknown, request: FastifyRequest, reply: FastifyReply): void => {
    // Fastify would close the connection; the rest of the body is read instead, without keeping
    // it, so that the sender gets to see the answer.
    reply.removeHeader('connection');
    if (error instanceof InvalidSignature) sendInvalidSignature(reply);
    else sendProblem(reply, told(problemOf(error, request, log, refused), request));
  };
}

/** With the member `error` where a front end reads it. */
function told(problem: Problem, { routeOptions }: FastifyRequest): Problem {
  if (routeOptions?.config?.operation?.alsoError !== true) return problem;
  const members = { ...problem.members, error: spokenOf(problem) };
  return new Problem(problem.code, problem.message, members);
}

/** The decision that a signed route gives for a body that the signature does not fit. */
function sendInvalidSignature(reply: FastifyReply): void {
  const decision = { status: 'RS_ERROR_INVALID_SIGNATURE' };
  if (!wantsMessagePack(reply.request)) {
    sendText(reply, 200, 'application/json', JSON.stringify(decision));
    return;
  }
  // An error has taken the format back that was chosen for the answer.
  answerMessagePack(reply);
  reply.code(200).send(decision);
}

/** Sends a problem as the whole answer, with the headers that belong to its status. */
export function sendProblem(reply: FastifyReply, problem: Problem): void {
  const { status, members } = problem;
  if (problem.code === 'version_mismatch' && members['version'] !== undefined) {
    reply.header('etag', `"${String(members['version'])}"`);
  }
  if (isChallenge(problem.code)) reply.header('www-authenticate', 'Bearer');
  if ((status === 429 || status === 503) && !reply.hasHeader('retry-after')) {
    reply.header('retry-after', limits.retry_after_s);
  }
  sendText(reply, status, 'application/problem+json', problemBody(problem));
}

function sendText(reply: FastifyReply, status: number, type: string, text: string): void {
  reply.code(status).type(type).serializer(String).send(text);
}

function problemOf(
  error: unknown,
  { id: reqId }: FastifyRequest,
  log: Logger,
  refused: ReturnType<typeof logRefusals>,
): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof EngineError) {
    refused(error, reqId);
    return new Problem(engineProblems[error.code]);
  }
  const { validation, statusCode = 500 } = error as Partial<FastifyError>;
  if (statusCode === 429) return new Problem('rate_limited');
  if (validation !== undefined) return invalid(validation);
  const known = frameworkProblems[statusCode];
  if (known === undefined) log.error({ err: error, reqId }, 'the request failed');
  return new Problem(known ?? 'internal_error');
}

type Mistakes = NonNullable<FastifyError['validation']>;

function invalid(mistakes: Mistakes): Problem {
  if (mistakes.some(({ instancePath, keyword }) => instancePath === '' && keyword === 'type')) {
    return new Problem('malformed_request', 'The body must be an object.');
  }
  const errors = mistakes.map((mistake) => ({
    pointer: pointerOf(mistake),
    detail: detailOf(mistake),
  }));
  return new Problem('validation_failed', undefined, { errors });
}

/** What is wrong with the member that the pointer names; Ajv speaks of the object around it. */
function detailOf({ keyword, message, params }: Mistakes[number]): string {
  const { allowedValues, type } = params;
  if (keyword === 'required') return 'is required';
  if (keyword === 'additionalProperties') return 'is not known here';
  if (Array.isArray(type)) return `must be ${type.join(' or ')}`;
  if (Array.isArray(allowedValues)) return `must be one of ${allowedValues.join(', ')}`;
  return ruleOf(params['pattern']) ?? message ?? 'is not valid';
}

/** The JSON pointer (RFC 6901) of the member that is wrong, missing or unknown. */
function pointerOf({ instancePath, params }: Mistakes[number]): string {
  const { missingProperty, additionalProperty } = params;
  const member = missingProperty ?? additionalProperty;
  if (typeof member !== 'string') return instancePath;
  return `${instancePath}/${member.replaceAll('~', '~0').replaceAll('/', '~1')}`;
}
