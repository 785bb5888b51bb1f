import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { parseJson } from './json.js';
import { formatMessagePack, parseMessagePack } from './messagepack.js';
import { Problem } from './problems.js';

export const MESSAGE_PACK = 'application/msgpack';

/** Sees the bytes of a body before they are parsed; throws to refuse them. */
export type Inspect = (bytes: Buffer, request: FastifyRequest) => void;

type Parse = (bytes: Buffer) => unknown;

/** Bodies of a scope and its children are JSON or MessagePack, read strictly; others are 415. */
export function readBodies(scope: FastifyInstance, inspect?: Inspect): void {
  scope.removeAllContentTypeParsers();
  const read = (types: string | string[], parse: Parse): void => {
    scope.addContentTypeParser(types, { parseAs: 'buffer' }, (request, bytes: Buffer, done) => {
      try {
        inspect?.(bytes, request);
        done(null, mayBeAbsent(bytes, request) ? undefined : parsed(parse, bytes, request));
      } catch (error) {
        done(error as Error);
      }
    });
  };
  read('application/json', parseJson);
  read([MESSAGE_PACK, 'application/x-msgpack'], parseMessagePack);
}

function parsed(parse: Parse, bytes: Buffer, { headers }: FastifyRequest): unknown {
  try {
    return parse(bytes);
  } catch (error) {
    // A sound body needs no look at its headers.
    if (headers['content-encoding'] === undefined) throw error;
    const detail = 'A body must not have a Content-Encoding.';
    throw new Problem('unsupported_media_type', detail);
  }
}

function mayBeAbsent(bytes: Buffer, { routeOptions }: FastifyRequest): boolean {
  return bytes.length === 0 && routeOptions.config.operation?.bodyOptional === true;
}

/** An `onRequest` hook: the answer takes the format of the request, unless `Accept` names one. */
export function chooseFormat(request: FastifyRequest, reply: FastifyReply, done: () => void): void {
  if (wantsMessagePack(request)) answerMessagePack(reply);
  done();
}

export function answerMessagePack(reply: FastifyReply): void {
  reply.type(MESSAGE_PACK).serializer(toMessagePack);
}

export function wantsMessagePack({ headers }: FastifyRequest): boolean {
  const { accept, 'content-type': type } = headers;
  if (accept?.includes('msgpack')) return !accept.includes(';') || prefersMessagePack(accept);
  return Boolean(type?.includes('msgpack')) && !accept?.includes('json');
}

/** Whether a list of ranges with qualities (RFC 9110) is worth no less with MessagePack. */
function prefersMessagePack(accept: string): boolean {
  const qualities = new Map(accept.toLowerCase().split(',').map(qualityOf));
  const worth = (...ranges: readonly string[]): number => {
    return qualities.get(ranges.find((range) => qualities.has(range)) ?? '') ?? 0;
  };
  const packed = worth(MESSAGE_PACK, 'application/x-msgpack');
  return packed > 0 && packed >= worth('application/json', 'application/*', '*/*');
}

function qualityOf(range: string): [type: string, quality: number] {
  const [type = '', ...parameters] = range.split(';').map((part) => part.trim());
  const quality = parameters.find((parameter) => parameter.startsWith('q='))?.slice(2);
  return [type, quality === undefined ? 1 : Number(quality)];
}

// Fastify sends what a serializer returns, bytes too; its types know of text alone.
const toMessagePack = formatMessagePack as (value: unknown) => never;

/**
 * The body as an object, or `malformed_request` (400) for everything else. Nothing is known of its
 * members yet: the engine judges them, for callers and embedders alike.
 */
export function objectOf<Body extends object>(body: unknown): Body {
  if (typeof body === 'object' && body !== null && !Array.isArray(body)) return body as Body;
  throw new Problem('malformed_request', 'The body must be an object.');
}
