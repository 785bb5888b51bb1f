import { once } from 'node:events';
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { sharedDirectory } from './directory.js';
import { exchange, type Json, type Reply } from './exchange.js';
import { type OpenApi, openApiOf } from './openapi.js';
import { type Server, serve } from './server.js';
import { webhookHeaders } from './webhook.js';

/** The keys of the services that call, by what the cases call them. */
export const apiKeys = { svc: 'key-of-the-shop', admin: 'key-of-the-operator' } as const;

/** The payment provider that the server knows, and what it signs with. */
export const provider = 'testpsp';
export const webhookKey: Buffer = Buffer.from('a key that testpsp and the shop share');

const settings = {
  PURSER_API_KEYS: `${apiKeys.svc}:wallet+credits+orders,${apiKeys.admin}:admin`,
  PURSER_SELF_TOPUP: 'true',
  PURSER_WEBHOOK_SECRET_TESTPSP: `whsec_${webhookKey.toString('base64')}`,
  PURSER_WEBHOOK_SECRET_OTHER_PSP: `whsec_${webhookKey.toString('base64')}`,
};

const hooks = ['clock', 'crash-before-answer', 'full-disk'].map((name) => {
  return `--import=${pathToFileURL(join(import.meta.dirname, `${name}.mjs`))}`;
});

let api: Promise<OpenApi> | undefined;

/** A server with keys and a payment provider, which a test can crash, restart and deceive. */
export class ShopServer {
  readonly directory: string = sharedDirectory();
  readonly #hooks = `${this.directory}-hooks`;
  readonly #clock = join(this.#hooks, 'clock');
  readonly #partitions: number;
  #server: Server | undefined;
  /** Whether it was started under a tracer, or a fault waits for it. */
  #isDisturbed = false;
  #shift = 0;

  constructor(partitions: number) {
    this.#partitions = partitions;
    mkdirSync(this.#hooks, { recursive: true });
    this.#setClock();
  }

  get url(): string {
    return this.#running.url;
  }

  /** What it wrote to its log so far. */
  get said(): string {
    return this.#running.said();
  }

  get #running(): Server {
    if (this.#server === undefined) throw new Error('the server was not started');
    return this.#server;
  }

  /** Starts it, under a tracer when one is named; no fault of before is there any more. */
  async start(tracer: readonly string[] = []): Promise<this> {
    this.#hook('crash-before-answer', false);
    this.#isDisturbed = tracer.length > 0;
    const args = ['--data', this.directory, '--partitions', `${this.#partitions}`];
    const environment = {
      ...settings,
      NODE_OPTIONS: hooks.join(' '),
      PURSER_TEST_HOOKS: this.#hooks,
      PURSER_TEST_CLOCK: this.#clock,
    };
    this.#server = await serve(args, environment, tracer);
    return this;
  }

  /** Starts it, or starts it again when it does not serve, or not as it should. */
  async calm(): Promise<void> {
    const isServing = this.#server?.isRunning === true;
    if (isServing && !this.#isDisturbed) return;
    await this.#server?.kill();
    this.setFullDisk(false);
    await this.start();
  }

  async kill(): Promise<void> {
    await this.#running.kill();
  }

  /** As an operator stops it; resolves to the exit code. */
  async stop(): Promise<number | null> {
    return await this.#running.stop();
  }

  /** Resolves when it is dead by a fault of its own. */
  async dies(): Promise<void> {
    const { child } = this.#running;
    if (child.signalCode === null) {
      await once(child, 'exit', { signal: AbortSignal.timeout(20_000) }).catch((cause) => {
        throw new Error('the server lives on after the fault', { cause });
      });
    }
    await this.kill();
  }

  /** From now on it dies where it would answer a POST. */
  crashBeforeAnswer(): void {
    this.#isDisturbed = true;
    this.#hook('crash-before-answer', true);
  }

  setFullDisk(isFull: boolean): void {
    this.#isDisturbed ||= isFull;
    this.#hook('full-disk', isFull);
  }

  /** What servers of this build say of their own answers. */
  async api(): Promise<OpenApi> {
    api ??= openApiOf(this.url);
    return await api;
  }

  #hook(name: string, isOn: boolean): void {
    if (isOn) writeFileSync(join(this.#hooks, name), '');
    else rmSync(join(this.#hooks, name), { force: true });
  }

  /** What its clock says, in milliseconds since 1970. */
  now(): number {
    return Date.now() + this.#shift;
  }

  /** Puts its clock forward; returns when every thread must have noticed. */
  async advance(ms: number): Promise<void> {
    this.#shift += ms;
    this.#setClock();
    await new Promise((resolve) => setTimeout(resolve, 50));
  }

  #setClock(): void {
    writeFileSync(`${this.#clock}.new`, `${this.#shift}`);
    // In one step, so that no thread reads half of it.
    renameSync(`${this.#clock}.new`, this.#clock);
  }

  /** A callback of the provider, under the event's id. */
  webhook(event: Json): Promise<Reply> {
    const body = JSON.stringify(event);
    const id = `msg_${(event as { readonly event_id?: string }).event_id}`;
    const headers = webhookHeaders(webhookKey, id, body, this.now());
    return exchange(this.url, 'POST', `/v1/webhooks/${provider}`, headers, body);
  }
}
