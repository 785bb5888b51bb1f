import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { newDirectory } from './support/directory.js';
import { post, postHead, type RawConnection, rawConnection } from './support/raw-connection.js';
import { main, type Server, serve } from './support/server.js';
import { bet } from './support/wallet-cases.js';

const HALF = 20;
/** Longer than two signals of one key press lie apart. */
const LATER_MS = 700;

/** Makes a process the first of its own, as in a container. */
const first = ['unshare', '--pid', '--fork', '--kill-child'];
const hasFirst = spawnSync(first[0] ?? '', [...first.slice(1), 'true']).status === 0;

const ORIGIN = 'https://shop.example';

async function started(wrapper: readonly string[] = []): Promise<Server> {
  const server = await serve(['--data', newDirectory()], { FRONTEND_URL: ORIGIN }, wrapper);
  await server.ask('/users', { users: ['alice'] });
  return server;
}

/** A bet of which the server has the headers and half the body. */
async function halfSent(server: Server, text: string): Promise<RawConnection> {
  const connection = await rawConnection(server);
  connection.write(postHead('/transaction/bet', text.length) + text.slice(0, HALF));
  await wait(100);
  return connection;
}

test('what had arrived is finished, what comes later is refused, and the exit is 0', async () => {
  const server = await started();
  const text = JSON.stringify(bet('alice', 1));
  const idle = await rawConnection(server);
  idle.write(post('/user/balance', bet('alice', 1)));
  await idle.hears('RS_OK');
  const accepted = await halfSent(server, text);
  const late = await halfSent(server, text);

  const exit = once(server.child, 'exit');
  server.child.kill('SIGTERM');
  // An idle connection is closed; a new one is not taken, but for those that the kernel still had.
  await idle.ends();
  const isTaken = (): Promise<boolean> =>
    rawConnection(server).then(
      () => true,
      () => false,
    );
  await expect.poll(isTaken).toBe(false);

  // Whoever hears of it sends no more on that connection.
  for (const connection of [accepted, late]) {
    connection.write(text.slice(HALF));
    expect(await connection.ends()).toMatch(/^HTTP\/1\.1 200 .*connection: close.*"RS_OK"/is);
  }
  expect(await exit).toEqual([0, null]);
});

test('connections that never sent anything do not hold a stop up', async () => {
  const server = await started();
  const silent = await rawConnection(server);
  const exit = once(server.child, 'exit');
  server.child.kill('SIGTERM');
  await silent.ends();
  expect(await exit).toEqual([0, null]);
  // Less than what is left to requests that are under way.
}, 10_000);

/** Idle connections are closed a tenth of a second later: this process may have been kept from writing. */
test('clients that go on sending hear that it stops, and lose no answer', {
  retry: 2,
}, async () => {
  const server = await started();
  const balance = post('/user/balance', bet('alice', 1));
  const answered = async (connection: RawConnection, count: number): Promise<string> => {
    connection.write(balance);
    const heard = await connection.hears('}', count);
    return /connection: close/i.test(heard) ? connection.ends() : answered(connection, count + 1);
  };
  const connections = await Promise.all(Array.from({ length: 20 }, () => rawConnection(server)));
  const heard = connections.map((connection) => answered(connection, 1));
  const idle = await rawConnection(server);
  const probe = await rawConnection(server);
  await wait(100);
  server.child.kill('SIGTERM');
  // As soon as one of them knows that it stops: idle connections are closed a moment later.
  await Promise.race(heard);
  probe.write('GET /health?x HTTP/1.1\r\nHost: purser\r\n\r\n');
  // Others hear at once that it does no more.
  idle.write(balance.replace('\r\n', `\r\nOrigin: ${ORIGIN}\r\n`));
  const text = await idle.ends();
  expect(text).toMatch(/^HTTP\/1\.1 503 .*connection: close/is);
  expect(text).toMatch(/retry-after: 1/i);
  expect(text).toContain('"code":"overloaded"');
  // A page is let read it.
  expect(text).toContain(`access-control-allow-origin: ${ORIGIN}`);
  // Who asks after the health hears that in the form that is documented.
  const health = await probe.ends();
  expect(health).toMatch(/^HTTP\/1\.1 503 .*connection: close/is);
  expect(health).toMatch(/retry-after: 1/i);
  expect(health).toContain('{"status":"DOWN","database":"CONNECTED","service":"purser"');
  await Promise.all(heard);
  expect(await server.stop()).toBe(0);
});

test('a second signal ends the process at once', async () => {
  const server = await started();
  const connection = await halfSent(server, JSON.stringify(bet('alice', 1)));
  const exit = once(server.child, 'exit');
  server.child.kill('SIGTERM');
  await wait(LATER_MS);
  server.child.kill('SIGTERM');
  expect(await exit).toEqual([null, 'SIGKILL']);
  connection.close();
});

test.skipIf(!hasFirst)(
  'also where it is the first process of a container',
  async () => {
    const server = await started(first);
    const connection = await halfSent(server, JSON.stringify(bet('alice', 1)));
    const { pid } = server.child;
    const inside = Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8'));
    const exit = once(server.child, 'exit');
    process.kill(inside, 'SIGTERM');
    await wait(LATER_MS);
    process.kill(inside, 'SIGTERM');
    await exit;
    // Not by its end: the connection would have been answered.
    expect(await connection.ends()).toBe('');
  },
  10_000,
);

test.each(['SIGTERM', 'SIGHUP'] as const)('%s while it starts ends it in order', async (signal) => {
  const directory = newDirectory();
  const args = ['serve', '--data', directory, '--port', '0', '--partitions', '8'];
  const child = spawn(process.execPath, [main, ...args], { stdio: 'ignore' });
  while (!existsSync(join(directory, 'manifest.json'))) await wait(1);
  child.kill(signal);
  expect(await once(child, 'exit')).toEqual([0, null]);
});

test('one key press that arrives twice, as under npm start, still finishes what had arrived', async () => {
  const server = await started();
  const text = JSON.stringify(bet('alice', 1));
  const connection = await halfSent(server, text);
  const exit = once(server.child, 'exit');
  server.child.kill('SIGINT');
  await wait(20);
  server.child.kill('SIGINT');
  await wait(LATER_MS);
  connection.write(text.slice(HALF));
  expect(await connection.ends()).toMatch(/^HTTP\/1\.1 200 /);
  expect(await exit).toEqual([0, null]);
});
