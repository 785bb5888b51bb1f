import { expect } from 'vitest';
import type { Step } from './economy-cases.js';
import type { EconomyClient } from './economy-client.js';
import { at, isGone, isGood, type Json, type Reply } from './exchange.js';

/** Requests that are under way at once. */
const STRIDE = 50;

/** The copies of a step, numbered by `{{i}}`. */
export function copies(step: Step, times: number, from = 0): Step[] {
  const text = JSON.stringify(step);
  return Array.from({ length: times }, (_, i) => {
    return JSON.parse(text.replaceAll('{{i}}', `${from + i}`)) as Step;
  });
}

/** Performs a step many times, some at once. */
export async function repeat(client: EconomyClient, step: Step, times: number): Promise<void> {
  for (let from = 0; from < times; from += STRIDE) {
    const some = copies(step, Math.min(STRIDE, times - from), from);
    await Promise.all(some.map((one) => client.must(one)));
  }
}

/** Reads a history page by page while it grows: each older entry comes once, newest first. */
export async function paginate(
  client: EconomyClient,
  path: string,
  { count_at_least = 0 }: NonNullable<Step['expect']>,
): Promise<void> {
  const spends = path.replace(/\/transactions.*/, '/spends');
  let written = 0;
  const lines = await client.list(path, () => {
    written += 1;
    return client.must({ call: `POST ${spends}`, key: `more-${written}`, body: { amount: 1 } });
  });
  expect(written).toBeGreaterThan(count_at_least / 200);
  expect(lines.length).toBeGreaterThanOrEqual(count_at_least);
  expect(new Set(lines.map((line) => at(line, 'transaction_id'))).size).toBe(lines.length);
  for (const [i, older] of lines.slice(1).entries()) {
    const newer = lines[i] ?? null;
    // Nothing is missing between two lines, whatever page they came with.
    const before =
      Number(at(newer, 'balance_after')) - Number(at(newer, 'sign')) * Number(at(newer, 'amount'));
    expect(at(older, 'balance_after')).toBe(before);
  }
}

/** Credits, spends, refunds and orders of one player and their refunds, some at once. */
export async function randomLoad(
  client: EconomyClient,
  player: string,
  sku: string,
  requests: number,
): Promise<void> {
  const random = numbers(requests);
  const done: Record<'spends' | 'orders', string[]> = { spends: [], orders: [] };
  const one = async (i: number): Promise<void> => {
    const path = `POST /v1/players/${player}`;
    const send = (line: string, body: Json): Promise<Reply> => {
      return client.send({ call: `${path}/${line}`, key: `load-${i}`, body });
    };
    const amount = 1 + random(40);
    const kind = random(5);
    const spend = done.spends[random(done.spends.length)];
    const order = done.orders[random(done.orders.length)];
    if (kind === 0) return known(await send('credits', { amount, reason: 'REWARD' }), [201]);
    if (kind === 1 && spend !== undefined) {
      return known(await send(`spends/${spend}/refunds`, { amount }), [201, 409, 422]);
    }
    if (kind === 2 && order !== undefined) {
      const lines = [{ sku, quantity: 1 }];
      return known(await send(`orders/${order}/refunds`, { lines }), [201, 409, 422]);
    }
    const [list, name, body]: [keyof typeof done, string, Json] =
      kind === 3
        ? ['orders', 'order_id', { lines: [{ sku, quantity: 1 + random(3) }], complete: true }]
        : ['spends', 'transaction_id', { amount }];
    const reply = await send(list, body);
    known(reply, [201, 402]);
    if (isGood(reply)) done[list].push(String(at(reply.body, name)));
  };
  for (let from = 0; from < requests; from += STRIDE) {
    await Promise.all(Array.from({ length: STRIDE }, (_, i) => one(from + i)));
  }
  expect(done.orders.length).toBeGreaterThan(requests / 20);
}

function known({ status, body }: Reply, statuses: readonly number[]): void {
  expect(statuses, JSON.stringify(body)).toContain(status);
}

/** Numbers below a bound, the same ones for each seed. */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/** Spends in flight while the server is told to stop; those that were answered with success. */
export async function stopUnderLoad(client: EconomyClient, player: string): Promise<Step[]> {
  const spend = { call: `POST /v1/players/${player}/spends`, key: 'k{{i}}', body: { amount: 1 } };
  const steps = copies(spend, 100);
  const replies = steps.map((step) => client.send(step).catch(isGone));
  // Some are answered already, some are under way; a server that stops takes no connections.
  await Promise.race(replies);
  expect(await client.shop.stop()).toBe(0);
  const settled = await Promise.all(replies);
  for (const reply of settled) if (reply !== undefined) known(reply, [201, 503]);
  return steps.filter((_, i) => settled[i]?.status === 201);
}
