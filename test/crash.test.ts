import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { newDirectory } from './support/directory.js';
import { faultOf } from './support/fault-of.js';
import { type Server, serve } from './support/server.js';

const USERS = Array.from({ length: 20 }, (_, i) => `user${i}`);
const START = 100_000;

interface Attempt {
  readonly body: {
    readonly user: string;
    readonly amount: number;
    readonly transaction_uuid: string;
  };
  /** The answer, when one came. */
  answer?: Record<string, unknown>;
}

/** Bets by several users until the server is gone; what was sent and what came back. */
async function load(server: Server, attempts: Attempt[]): Promise<void> {
  const one = async (user: string): Promise<void> => {
    for (;;) {
      const ids = { transaction_uuid: randomUUID(), request_uuid: randomUUID() };
      const attempt: Attempt = { body: { user, amount: 1, ...ids, ...{ currency: 'USD' } } };
      attempts.push(attempt);
      try {
        attempt.answer = await server.ask('/transaction/bet', attempt.body);
      } catch {
        return;
      }
    }
  };
  await Promise.all(USERS.map(one));
}

test.each([1, 2])(
  'kill -9 under load loses no answer and repeats no effect (%i partitions)',
  async (partitions) => {
    const directory = newDirectory();
    const args = ['--data', directory, '--partitions', `${partitions}`];
    const attempts: Attempt[] = [];
    let server = await serve(args);
    await server.ask('/users', { users: USERS });
    for (let round = 0; round < 3; round++) {
      const loading = load(server, attempts);
      await wait(150 + Math.random() * 400);
      await server.kill();
      await loading;
      server = await serve(args);
      // Whoever got no answer sends again; whoever got one gets the same again.
      for (const attempt of attempts.slice(-100)) {
        const answer = await server.ask('/transaction/bet', attempt.body);
        expect(answer['status']).toBe('RS_OK');
        if (attempt.answer !== undefined) expect(answer).toEqual(attempt.answer);
        attempt.answer = answer;
      }
    }
    expect(attempts.length).toBeGreaterThan(50);
    for (const user of USERS) {
      const own = attempts.filter(({ body }) => body.user === user);
      const list = own.map(({ body }) => ({ op: 'bet', ...body }));
      const response = await server.post('/transactions', list);
      const settled = (await response.json()) as Record<string, unknown>[];
      for (const [i, { answer }] of own.entries()) {
        if (answer !== undefined) expect(settled[i]).toEqual(answer);
      }
      expect(settled.every(({ status }) => status === 'RS_OK')).toBe(true);
      // Each bet took one unit once: the balances that were answered are all different.
      expect(new Set(settled.map(({ balance }) => balance)).size).toBe(own.length);
      const { balance } = await server.ask('/user/balance', { user, request_uuid: randomUUID() });
      expect(balance).toBe(START - own.length);
    }
    await server.kill();
    expect(await faultOf(directory)).toBeUndefined();
  },
);

test('SIGTERM finishes what was accepted, and the next start replays nothing', async () => {
  const directory = newDirectory();
  let server = await serve(['--data', directory]);
  await server.ask('/users', { users: USERS });
  const attempts: Attempt[] = [];
  const loading = load(server, attempts);
  await wait(300);
  expect(await server.stop()).toBe(0);
  await loading;
  server = await serve(['--data', directory]);
  for (const { body, answer } of attempts.filter((attempt) => attempt.answer !== undefined)) {
    expect(await server.ask('/transaction/bet', body)).toEqual(answer);
  }
  await server.kill();
});
