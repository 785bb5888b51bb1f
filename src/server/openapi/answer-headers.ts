import type { Operation } from '../operation.js';
import { isChallenge, type ProblemCode } from '../problems.js';

type Json = Record<string, unknown>;

const retryAfter = { 'Retry-After': header('Seconds to wait', true) };

/** The headers of an answer that is no problem. */
export function headersOfAnswer(operation: Operation, status: number): Json {
  const { key, replays, unversioned } = operation;
  const mayReplay = key !== undefined || replays === true;
  return {
    ...(unversioned !== true && { ETag: header('The version after it', true) }),
    ...(mayReplay && {
      'Idempotent-Replayed': header('true: nothing was done now, for it was done before'),
    }),
    ...(status === 503 && retryAfter),
    ...rateLimits(operation),
  };
}

/** The headers of a problem with one of these codes. */
export function headersOfProblem(
  operation: Operation,
  status: number,
  codes: readonly ProblemCode[],
): Json {
  return {
    ...(codes.includes('version_mismatch') && { ETag: header('The version of now, if any') }),
    ...(codes.some(isChallenge) && { 'WWW-Authenticate': header('Bearer', true) }),
    ...((status === 429 || status === 503) && retryAfter),
    ...rateLimits(operation),
  };
}

/** Where logins are limited by address. */
function rateLimits({ problems = [] }: Operation): Json {
  if (!problems.includes('rate_limited')) return {};
  return {
    'X-RateLimit-Limit': header('Requests from one address in a minute'),
    'X-RateLimit-Remaining': header('What is left of them'),
    'X-RateLimit-Reset': header('Seconds until they are counted anew'),
  };
}

/** `required`: no such answer comes without it. */
function header(description: string, required = false): Json {
  return { description, ...(required && { required }), schema: { type: 'string' } };
}
