/** A header that decides the answer, as the document describes it. */
export interface HeaderParameter {
  readonly name: string;
  readonly required: boolean;
  readonly description: string;
  readonly schema: Readonly<Record<string, unknown>>;
  readonly example?: string;
}

const text = { type: 'string' } as const;

/** A page that tries operations sends the example; two with the same key are no retry. */
export function idempotencyKey(required: boolean, operation: string): HeaderParameter {
  return {
    name: 'Idempotency-Key',
    required,
    description: 'Names this request for ever, within its player: bare or as a quoted string',
    schema: { type: 'string', minLength: 1, maxLength: 257 },
    ...(required && { example: `${operation}-1` }),
  };
}

/** `If-Match` with the version of what a route changes, which no example could know. */
export function ifMatch(what: string): HeaderParameter {
  return {
    name: 'If-Match',
    required: false,
    description: `The ${what}'s version, as its ETag tells it: 412 when it is another one`,
    schema: text,
  };
}

export const ifNoneMatch: HeaderParameter = {
  name: 'If-None-Match',
  required: false,
  description: 'Makes a new item: 412 when there is one',
  schema: { type: 'string', enum: ['*'] },
};

export const hub88Signature: HeaderParameter = {
  name: 'X-Hub88-Signature',
  required: false,
  description:
    'RSA-SHA256 of the body, base64: demanded, in place of a key, where PURSER_HUB88_PUBLIC_KEY is set',
  schema: text,
};

/** Of Standard Webhooks. */
export const webhookHeaders: readonly HeaderParameter[] = [
  {
    name: 'webhook-id',
    required: true,
    description:
      "Of the message; when its body has none the event's id, so of at most 255 characters",
    schema: text,
    example: 'msg_1',
  },
  {
    name: 'webhook-timestamp',
    required: true,
    description: 'Unix time of now in seconds, give or take 300',
    schema: { type: 'string', pattern: '^[0-9]{1,12}$' },
    example: '1769860800',
  },
  {
    name: 'webhook-signature',
    required: true,
    description: 'v1,<base64 HMAC-SHA256 of id.timestamp.body>; several are separated by spaces',
    schema: text,
  },
];
