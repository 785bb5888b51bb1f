import { createHmac, timingSafeEqual } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import type { Inspect } from './formats.js';
import { limits } from './limits.js';
import { Problem } from './problems.js';

/** Keys of the providers whose callbacks are taken, by their names with `_` for `-`. */
export type WebhookSecrets = ReadonlyMap<string, Buffer>;

const VARIABLE = 'PURSER_WEBHOOK_SECRET';
const PROVIDER = /^_([A-Z0-9_]{1,32})$/;
const SECRET = /^whsec_([A-Za-z0-9+/]+={0,2})$/;
const SHORTEST_BYTES = 16;

/** Reads `PURSER_WEBHOOK_SECRET_<PROVIDER>=whsec_<base64>`; an error names the variable alone. */
export function readWebhookSecrets(environment: NodeJS.ProcessEnv): WebhookSecrets {
  const secrets = new Map<string, Buffer>();
  for (const [variable, value] of Object.entries(environment)) {
    if (!variable.startsWith(VARIABLE) || !value) continue;
    const provider = PROVIDER.exec(variable.slice(VARIABLE.length))?.[1]?.toLowerCase();
    if (provider === undefined) {
      throw new Error(`${variable}: must end in _ and 1 to 32 of A-Z 0-9 _, the provider's name`);
    }
    const key = Buffer.from(SECRET.exec(value)?.[1] ?? '', 'base64');
    if (key.length < SHORTEST_BYTES) {
      throw new Error(`${variable}: must be whsec_ and at least ${SHORTEST_BYTES} bytes in base64`);
    }
    secrets.set(provider, key);
  }
  return secrets;
}

/**
 * Checks a callback before it is parsed, after Standard Webhooks: `webhook-signature` holds
 * `v1,<base64 HMAC-SHA256 of id.timestamp.body>`, one of several; the timestamp is of now.
 */
export function signedWebhook(secrets: WebhookSecrets): Inspect {
  return (bytes, request) => {
    const { provider = '' } = request.params as { provider?: string };
    // The name of a variable cannot hold the other one.
    const key = secrets.get(provider.replaceAll('-', '_'));
    if (key === undefined) throw new Problem('not_found', 'There is no such provider.');
    if (isStale(request)) throw new Problem('invalid_signature', STALE);
    if (!isSigned(request, bytes, key)) throw new Problem('invalid_signature', UNFIT);
  };
}

const UNFIT = 'The signature does not fit the body.';
/** What is told of a clock that is wrong, or of a callback that was kept too long. */
const STALE = `The timestamp is more than ${limits.webhook_age_s} s away, or none in Unix seconds.`;

function isStale({ headers }: FastifyRequest): boolean {
  const timestamp = String(headers['webhook-timestamp'] ?? '');
  if (!/^\d{1,12}$/.test(timestamp)) return true;
  return Math.abs(Date.now() / 1000 - Number(timestamp)) > limits.webhook_age_s;
}

function isSigned({ headers }: FastifyRequest, bytes: Buffer, key: Buffer): boolean {
  const id = headers['webhook-id'];
  const signatures = headers['webhook-signature'];
  if (typeof id !== 'string' || id === '' || typeof signatures !== 'string') return false;
  const hmac = createHmac('sha256', key).update(`${id}.${headers['webhook-timestamp']}.`);
  const right = hmac.update(bytes).digest();
  return signatures.split(' ').some((signature) => {
    const [version, text = ''] = signature.split(',');
    const given = Buffer.from(text, 'base64');
    return version === 'v1' && given.length === right.length && timingSafeEqual(given, right);
  });
}
