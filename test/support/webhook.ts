import { createHmac } from 'node:crypto';

/** The headers of a callback after Standard Webhooks; the time is in milliseconds since 1970. */
export function webhookHeaders(
  key: Buffer,
  id: string,
  body: string,
  now: number,
): Record<string, string> {
  const timestamp = String(Math.floor(now / 1000));
  const hmac = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`);
  return {
    'content-type': 'application/json',
    'webhook-id': id,
    'webhook-timestamp': timestamp,
    'webhook-signature': `v1,${hmac.digest('base64')}`,
  };
}
