import { randomUUID } from 'node:crypto';
import { Agent, request } from 'node:http';

/**
 * A client of the torture, in a process of its own: it sends requests and keeps, by itself, what was
 * acknowledged. After each round it sends every request of the round again: whatever was
 * answered must be answered the same, and what had no answer gets one.
 */
const USERS = Array.from({ length: 6 }, (_, i) => `client-${process.pid}-${i}`);
const LANES = 8;

interface Sent {
  readonly path: string;
  readonly body: Readonly<Record<string, unknown>>;
  readonly key: string;
  /** Status and body as they came; absent: nobody knows. */
  answer?: string;
}

/** What the client is told, and what it tells. */
export type ToClient =
  | { readonly kind: 'go'; readonly port: number }
  | { readonly kind: 'stop' }
  | { readonly kind: 'check'; readonly port: number };
export type FromClient =
  | { readonly kind: 'ready' }
  | { readonly kind: 'stopped'; readonly sent: number; readonly unanswered: number }
  | { readonly kind: 'checked'; readonly faults: readonly string[]; readonly compared: number };

let running = false;
let lanes: Promise<void>[] = [];
let sent: Sent[] = [];
let agent = new Agent({ keepAlive: true });

function tell(message: FromClient): void {
  process.send?.(message);
}

function pick<T>(list: readonly T[]): T {
  return list[Math.floor(Math.random() * list.length)] as T;
}

function make(): Sent {
  const user = pick(USERS);
  const key = randomUUID();
  const amount = 1 + Math.floor(Math.random() * 5);
  const player = `/v1/players/${user}`;
  const kind = Math.random();
  if (kind < 0.6) {
    const ids = { transaction_uuid: key, request_uuid: randomUUID() };
    return { path: '/transaction/bet', body: { user, currency: 'USD', amount, ...ids }, key };
  }
  if (kind < 0.7) return { path: `${player}/credits`, body: { amount, reason: 'BONUS' }, key };
  if (kind < 0.8) return { path: `${player}/spends`, body: { amount }, key };
  if (kind < 0.9) return { path: `${player}/transfers`, body: { to: pick(USERS), amount }, key };
  const lines = [{ sku: 'gold_coin', quantity: 1 }];
  return { path: `${player}/orders`, body: { lines, complete: true }, key };
}

/** Status and body; undefined when there was no answer, or one that says that nobody knows. */
function send(port: number, { path, body, key }: Sent): Promise<string | undefined> {
  return new Promise((resolve) => {
    const headers = { 'content-type': 'application/json', 'idempotency-key': key };
    const asking = request({ host: '127.0.0.1', port, path, method: 'POST', headers, agent });
    asking.on('error', () => resolve(undefined));
    asking.on('response', (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('error', () => resolve(undefined));
      response.on('aborted', () => resolve(undefined));
      response.on('end', () => {
        const unknown = response.statusCode === 503 || !response.complete;
        resolve(unknown ? undefined : `${response.statusCode} ${text}`);
      });
    });
    asking.end(JSON.stringify(body));
  });
}

async function lane(port: number): Promise<void> {
  while (running) {
    const one = make();
    sent.push(one);
    const answer = await send(port, one);
    if (answer !== undefined) one.answer = answer;
    else await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** A refusal leaves the key free: sent again it may be decided anew. */
function isGranted(answer: string): boolean {
  return /^20[01] /.test(answer) && !answer.includes('"RS_ERROR');
}

async function check(port: number): Promise<void> {
  const faults: string[] = [];
  let compared = 0;
  const next = sent[Symbol.iterator]();
  const one = async (): Promise<void> => {
    for (const asked of next) {
      let again = await send(port, asked);
      for (let attempt = 0; again === undefined && attempt < 50; attempt++) {
        await new Promise((resolve) => setTimeout(resolve, 50));
        again = await send(port, asked);
      }
      if (again === undefined) faults.push(`no answer to ${asked.path} ${asked.key}`);
      if (asked.answer === undefined || !isGranted(asked.answer)) continue;
      compared += 1;
      if (again !== asked.answer)
        faults.push(`${asked.path} ${asked.key}: ${asked.answer} ≠ ${again}`);
    }
  };
  await Promise.all(Array.from({ length: LANES }, one));
  sent = [];
  tell({ kind: 'checked', faults: faults.slice(0, 5), compared });
}

process.on('message', (message: ToClient) => {
  if (message.kind === 'go') {
    running = true;
    agent = new Agent({ keepAlive: true });
    lanes = Array.from({ length: LANES }, () => lane(message.port));
  } else if (message.kind === 'stop') {
    running = false;
    void Promise.all(lanes).then(() => {
      const unanswered = sent.filter(({ answer }) => answer === undefined).length;
      tell({ kind: 'stopped', sent: sent.length, unanswered });
    });
  } else void check(message.port);
});

tell({ kind: 'ready' });
