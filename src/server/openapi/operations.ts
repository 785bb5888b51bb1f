import { MESSAGE_PACK } from '../formats.js';
import { type Operation, operations } from '../operation.js';
import { Problem, type ProblemCode, problemBody, problems, spokenOf } from '../problems.js';
import { answer, listOf, oneOf, text } from '../schemas/parts.js';
import { headersOfAnswer, headersOfProblem } from './answer-headers.js';
import { idempotencyKey, ifMatch } from './headers.js';

type Document = Record<string, unknown>;
type Json = Record<string, unknown>;

/** Completes what the schemas of the routes gave: who may call, headers, and every answer. */
export function describeOperations(document: unknown): Document {
  const { openapiObject } = document as { openapiObject: Document };
  const paths = openapiObject['paths'] as Record<string, Record<string, Json>>;
  for (const [path, methods] of Object.entries(paths)) {
    for (const [method, described] of Object.entries(methods)) {
      const operation = operations.get(`${method} ${path}`);
      if (operation !== undefined) methods[method] = complete(described, operation);
    }
  }
  return { ...openapiObject, components: componentsOf(openapiObject['components'] as Json) };
}

function complete(described: Json, operation: Operation): Json {
  const { id, tag, summary, description, access } = operation;
  return {
    operationId: id,
    tags: [tag],
    summary,
    ...(description !== undefined && { description }),
    ...(access !== undefined && { security: securityOf(operation) }),
    parameters: [...((described['parameters'] as Json[]) ?? []), ...headersOf(operation)],
    ...requestBodyOf(operation),
    responses: { ...answersOf(operation), ...problemsOf(operation) },
  };
}

function securityOf({ access, tokenOnly }: Operation): Json[] {
  const service = { service: [] };
  if (tokenOnly === true) return [{ player: [] }];
  return access?.self === true ? [service, { player: [] }] : [service];
}

function headersOf({ id, key, condition, headers = [] }: Operation): Json[] {
  const all = [
    ...(key === undefined ? [] : [idempotencyKey(key === 'required', id)]),
    ...(condition === undefined ? [] : [ifMatch('player')]),
    ...headers,
  ];
  return all.map((header) => ({ in: 'header', ...header }));
}

function requestBodyOf({ body, bodyOptional, documentedBody, bodyExample }: Operation): Json {
  const schema = documentedBody ?? body;
  if (schema === undefined) return {};
  const example = bodyExample === undefined ? {} : { example: bodyExample };
  const required = bodyOptional !== true;
  const said = { schema, ...example };
  const content = { 'application/json': said, [MESSAGE_PACK]: said };
  return { requestBody: { required, content } };
}

const descriptions: Readonly<Record<number, string>> = {
  200: 'Done',
  201: 'Made',
  202: 'Kept until it can be applied',
  503: 'Not all partitions serve',
};

function answersOf(operation: Operation): Json {
  const statuses = Object.keys(operation.answers).map(Number);
  return Object.fromEntries(statuses.map((status) => [status, answerOf(operation, status)]));
}

function answerOf(operation: Operation, status: number): Json {
  const { answers, examples, mediaType = 'application/json', answersMessagePack } = operation;
  const said = { schema: answers[status], example: examples[status] };
  return {
    description: descriptions[status] ?? 'Done',
    headers: headersOfAnswer(operation, status),
    content: { [mediaType]: said, ...(answersMessagePack === true && { [MESSAGE_PACK]: said }) },
  };
}

/** The codes that an operation can answer, those that follow from its form included. */
function codesOf(operation: Operation): readonly ProblemCode[] {
  const { access, key, condition, body, documentedBody, url, query, method } = operation;
  const codes: ProblemCode[] = [...(operation.problems ?? [])];
  if (access !== undefined) codes.push('unauthenticated', 'invalid_token', 'forbidden');
  if (key !== undefined) codes.push('idempotency_key_invalid', 'idempotency_key_reused');
  if (key === 'required') codes.push('idempotency_key_missing');
  if (condition !== undefined) codes.push('version_mismatch');
  if (url.includes(':id')) codes.push('player_not_found');
  // A parameter that is too long, or whose escapes mean nothing, is none of the route's.
  if (url.includes(':')) codes.push('not_found');
  if (body !== undefined || query !== undefined) codes.push('validation_failed');
  if (body !== undefined || documentedBody !== undefined || method !== 'GET') {
    codes.push('payload_too_large', 'unsupported_media_type', 'request_timeout');
  }
  if (operation.tag !== 'Service') codes.push('overloaded', 'storage_unavailable', 'unavailable');
  codes.push('malformed_request', 'headers_too_large', 'internal_error');
  return [...new Set(codes)];
}

function problemsOf(operation: Operation): Json {
  const byStatus = new Map<number, ProblemCode[]>();
  for (const code of codesOf(operation)) {
    const [status] = problems[code];
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  const entries = [...byStatus].sort(([a], [b]) => a - b);
  return Object.fromEntries(
    entries
      .filter(([status]) => operation.answers[status] === undefined)
      .map(([status, codes]) => [status, problemAnswer(status, codes, operation)]),
  );
}

function problemAnswer(status: number, codes: readonly ProblemCode[], operation: Operation): Json {
  const examples = codes.map((code) => {
    const example = new Problem(code, undefined, membersOf(code));
    const value = JSON.parse(problemBody(example)) as Json;
    const error = operation.alsoError === true ? { error: spokenOf(example) } : {};
    return [code, { summary: problems[code][1], value: { ...value, ...error } }];
  });
  const schema = { $ref: '#/components/schemas/Problem' };
  return {
    description: codes.join(', '),
    headers: headersOfProblem(operation, status, codes),
    content: { 'application/problem+json': { schema, examples: Object.fromEntries(examples) } },
  };
}

/** What some problems tell beside their code. */
function membersOf(code: ProblemCode): Json {
  const members: Partial<Record<ProblemCode, Json>> = {
    insufficient_funds: { balance: 10, required: 11 },
    validation_failed: { errors: [{ pointer: '/amount', detail: 'must be >= 1' }] },
    refund_exceeds_remaining: { max_refundable: 40 },
    quantity_exceeds_remaining: { remaining: 1 },
    version_mismatch: { version: 7 },
    price_changed: { current_total: 60 },
    unknown_item: { sku: 'nope' },
    idempotency_key_missing: { documentation: '/docs' },
  };
  return members[code] ?? {};
}

const problem = {
  ...answer(
    {
      type: text,
      title: text,
      status: { type: 'integer' },
      code: oneOf(...Object.keys(problems)),
      detail: text,
      error: { ...text, description: "For the game wallet's front end, in its answers alone" },
      errors: listOf(answer({ pointer: text, detail: text })),
    },
    ['error', 'errors'],
  ),
  description: 'RFC 9457; a code never changes its meaning',
};

function componentsOf(components: Json): Json {
  return {
    ...components,
    schemas: { ...(components['schemas'] as Json), Problem: problem },
  };
}
