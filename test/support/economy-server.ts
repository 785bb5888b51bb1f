import { createHmac } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { sharedDirectory } from './directory.js';
import type { Json } from './economy-case.js';
import { type OpenApi, openApiOf } from './openapi.js';
import { type Server, serve } from './server.js';

export const SERVICE_KEY = 'service-key-of-the-tests';
export const ADMIN_KEY = 'admin-key-of-the-tests';
const webhookKey = Buffer.from('the key of the test provider, 32+');
const clock = pathToFileURL(join(import.meta.dirname, 'clock.mjs')).href;

/** A server with keys, a payment provider and a clock that can be put forward. */
export class EconomyServer {
  readonly directory: string = sharedDirectory();
  readonly #clock = `${this.directory}.clock`;
  readonly #partitions: number;
  #shift = 0;
  server!: Server;
  api!: OpenApi;

  constructor(partitions: number) {
    this.#partitions = partitions;
  }

  async start(wrapper: readonly string[] = []): Promise<void> {
    writeFileSync(this.#clock, `${this.#shift}`);
    const environment = {
      PURSER_API_KEYS: `${SERVICE_KEY}:wallet+credits+orders,${ADMIN_KEY}:admin`,
      PURSER_SELF_TOPUP: 'true',
      PURSER_LOGIN_RATE: '0',
      PURSER_WEBHOOK_SECRET_TESTPSP: `whsec_${webhookKey.toString('base64')}`,
      PURSER_TEST_CLOCK: this.#clock,
      NODE_OPTIONS: `--import=${clock}`,
    };
    const args = ['--data', this.directory, '--partitions', `${this.#partitions}`];
    this.server = await serve(args, environment, wrapper);
    this.api ??= await openApiOf(this.server.url);
  }

  async advance(ms: number): Promise<void> {
    this.#shift += ms;
    writeFileSync(this.#clock, `${this.#shift}`);
    await new Promise((resolve) => setTimeout(resolve, 60));
  }

  /** A callback of the test provider, signed after Standard Webhooks. */
  webhook(body: Json, id: string): Promise<Response> {
    const text = JSON.stringify(body);
    const timestamp = Math.floor((Date.now() + this.#shift) / 1000);
    const hmac = createHmac('sha256', webhookKey).update(`${id}.${timestamp}.${text}`);
    return this.server.send('/v1/webhooks/testpsp', text, {
      'webhook-id': id,
      'webhook-timestamp': `${timestamp}`,
      'webhook-signature': `v1,${hmac.digest('base64')}`,
    });
  }
}
