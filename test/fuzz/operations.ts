import * as fc from 'fast-check';
import type { OpenApi } from '../support/openapi.js';
import { webhookHeaders } from '../support/webhook.js';
import { bodiesOf } from './bodies.js';
import { type Parameter, parametersOf, pathOf, queryOf, type Values } from './parameters.js';
import type { HttpRequest } from './request.js';
import type { Schema } from './schema.js';
import { WEBHOOK_KEY } from './server.js';
import type { World } from './world.js';

/** An operation of the document, as far as requests are made from it. */
export interface Operation {
  readonly id: string;
  readonly method: string;
  readonly path: string;
  readonly parameters: readonly Parameter[];
  readonly body: Schema | undefined;
  /** Whether the player of the token is meant. */
  readonly isForPlayers: boolean;
}

interface Described {
  readonly operationId: string;
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { schema: Schema }>> };
}

const ofPlayers = ['balance', 'topUp', 'purchase'];

/** Every operation that a server's document describes. */
export function operationsOf({ document }: OpenApi): Operation[] {
  const paths = document['paths'] as unknown as Record<string, Record<string, Described>>;
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, described]) => {
      const { operationId: id, parameters = [], requestBody } = described;
      const body = requestBody?.content['application/json']?.schema;
      const isForPlayers = ofPlayers.includes(id);
      return { id, method: method.toUpperCase(), path, parameters, body, isForPlayers };
    }),
  );
}

type Headers = Readonly<Record<string, string>>;

/** Requests of an operation: most of them valid, the others broken in one place or a few. */
export function requestsOf(operation: Operation, world: World): fc.Arbitrary<HttpRequest> {
  const { method, path, parameters, isForPlayers, body } = operation;
  return fc
    .record({
      path: parametersOf(parameters, 'path', world),
      query: parametersOf(parameters, 'query', world),
      headers: parametersOf(parameters, 'header', world),
      bearer: world.bearer(isForPlayers),
      own: fc.nat(7),
      body: bodiesOf(body, world),
    })
    .map(({ path: inPath, query, headers, bearer, own, body: { bytes, headers: ofBody } }) => {
      const { id, ...others } = inPath;
      const owner = own === 0 ? undefined : world.ownerOf(Object.values(others).map(String));
      const url = pathOf(path, owner === undefined ? inPath : { ...others, id: owner });
      const authorization = bearer === undefined ? {} : { authorization: `Bearer ${bearer}` };
      const signed = path.includes('/webhooks/') && bytes ? signatureOf(bytes) : {};
      const all = printable({ ...texts(headers), ...ofBody, ...authorization, ...signed });
      return { method, path: url + queryOf(query), headers: all, ...(bytes && { body: bytes }) };
    });
}

function texts(values: Values): Headers {
  return Object.fromEntries(
    Object.entries(values).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, String(value)]],
    ),
  );
}

/** Without what a client may not send; broken heads are sent as bytes elsewhere. */
function printable(headers: Headers): Headers {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name,
      value.replace(/[^\t\x20-\x7e\x80-\xff]/g, '?'),
    ]),
  );
}

function signatureOf(bytes: Buffer): Headers {
  const { 'content-type': _, ...headers } = webhookHeaders(
    WEBHOOK_KEY,
    'msg',
    bytes.toString(),
    Date.now(),
  );
  return headers;
}
