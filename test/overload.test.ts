import { randomUUID } from 'node:crypto';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import { newDirectory } from './support/directory.js';
import { exchange, type Reply } from './support/exchange.js';
import { faultOf } from './support/fault-of.js';
import { post, type RawConnection, rawConnection } from './support/raw-connection.js';
import { type Server, serve } from './support/server.js';
import { bet } from './support/wallet-cases.js';

const hooked = ['slow-turn', 'full-disk'].map((name) => {
  return `--import ${pathToFileURL(join(import.meta.dirname, `support/${name}.mjs`)).href}`;
});
/** So many batches a partition has room for; a bet with much to note fills one by itself. */
const MAILBOX_BATCHES = 64;
const meta = { text: 'x'.repeat(300_000) };
const OPENED = 100_000;
const LIST_OPERATIONS = 2_048;
const LIST_BYTES = 4 * 1024 * 1024;
/** So many of the longest lists may be under way. */
const LARGE_BODIES = 16;

type Hook = 'slow-0' | 'hang-0' | 'mute-0' | 'full-disk';

interface Slowed {
  readonly server: Server;
  readonly directory: string;
  /** Makes partition 0 slow, or hang, or all disks full, until `lift`. */
  lay(kind: Hook): void;
  lift(kind: Hook): void;
}

async function slowed(partitions: number, tick_ms = 0): Promise<Slowed> {
  const directory = newDirectory();
  const hooks = join(dirname(directory), 'hooks');
  mkdirSync(hooks);
  const server = await serve(['--data', directory, '--partitions', `${partitions}`], {
    NODE_OPTIONS: hooked.join(' '),
    PURSER_TEST_HOOKS: hooks,
    PURSER_TEST_TICK_MS: `${tick_ms}`,
  });
  const file = (kind: Hook): string => join(hooks, kind);
  const lay = (kind: Hook): void => writeFileSync(file(kind), '');
  return { server, directory, lay, lift: (kind) => rmSync(file(kind)) };
}

type Bet = ReturnType<typeof bet>;

function send({ url }: Server, body: Bet): Promise<Reply> {
  const text = JSON.stringify({ ...body, meta });
  const headers = { 'content-type': 'application/json' };
  return exchange(url, 'POST', '/transaction/bet', headers, text);
}

async function balanceOf(server: Server, user: string): Promise<unknown> {
  const { balance } = await server.ask('/user/balance', { user, request_uuid: randomUUID() });
  return balance;
}

/** A user of partition 0 and one of partition 1, as the first one's mailbox tells. */
async function oneOfEach({ server, lay, lift }: Slowed): Promise<[string, string]> {
  const users = Array.from({ length: 12 }, (_, i) => `user${i}`);
  await server.ask('/users', { users });
  lay('hang-0');
  const asked: Promise<unknown>[] = [];
  const [stuck, free]: [string[], string[]] = [[], []];
  for (const user of users) {
    let answered = false;
    asked.push(
      balanceOf(server, user).then(() => {
        answered = true;
      }),
    );
    while (!answered && (await pending(server)) === stuck.length) await wait(5);
    (answered ? free : stuck).push(user);
  }
  lift('hang-0');
  await Promise.all(asked);
  return [stuck[0] ?? '', free[0] ?? ''];
}

/** Commands that wait in partition 0 or are with its thread. */
async function pending({ url }: Server): Promise<number> {
  const metrics = await (await fetch(`${url}/metrics`)).text();
  return Number(/pending_commands\{partition="0"\} (\d+)/.exec(metrics)?.[1]);
}

test('metrics tell the rest while a partition does not say what its accounts hold', async () => {
  const { server, lay, lift } = await slowed(2);
  const read = async (): Promise<string> => (await fetch(`${server.url}/metrics`)).text();
  const account = /^purser_account_minor_units/m;
  lay('mute-0');
  const rest = await read();
  expect(rest).toMatch(/^purser_up 1$/m);
  expect(rest).not.toMatch(account);
  lift('mute-0');
  expect(await read()).toMatch(account);
  await server.kill();
});

function expectRefusal({ status, headers, body }: Reply): void {
  expect(status).toBe(503);
  expect(headers['retry-after']).toBe('1');
  expect(body).toMatchObject({ code: 'overloaded' });
}

test('behind a disk that hangs the rest is refused at once, and other partitions go on', async () => {
  const slow = await slowed(2);
  const { server, directory } = slow;
  const [stuck, free] = await oneOfEach(slow);
  slow.lay('hang-0');
  const sent: { readonly body: Bet; readonly reply: Promise<Reply> }[] = [];
  let answered = false;
  // One after the other until one is answered, which can only be a refusal.
  while (!answered) {
    const body = bet(stuck, 1);
    const reply = send(server, body);
    sent.push({ body, reply });
    void reply.then(() => {
      answered = true;
    });
    expect(sent.length).toBeLessThan(2 * MAILBOX_BATCHES);
    await wait(10);
  }
  expectRefusal(await Promise.race(sent.map(({ reply }) => reply)));
  expectRefusal(await send(server, bet(stuck, 1)));
  for (let i = 1; i <= 5; i++) {
    const answer = await server.ask('/transaction/bet', bet(free, 1));
    expect(answer).toMatchObject({ status: 'RS_OK', balance: OPENED - i });
  }
  slow.lift('hang-0');
  const replies = await Promise.all(sent.map(({ reply }) => reply));
  const refused = sent.filter((_, i) => replies[i]?.status !== 200);
  for (const { reply } of refused) expectRefusal(await reply);
  let balance = OPENED - (sent.length - refused.length);
  expect(sent.length - refused.length).toBeLessThanOrEqual(MAILBOX_BATCHES);
  expect(await balanceOf(server, stuck)).toBe(balance);
  // What was refused was not done: the same id is new.
  for (const { body } of refused) {
    balance -= 1;
    expect(await server.ask('/transaction/bet', body)).toMatchObject({ status: 'RS_OK', balance });
  }
  expect(await server.stop()).toBe(0);
  expect(await faultOf(directory)).toBeUndefined();
});

function sendList({ url }: Server, user: string): Promise<Reply> {
  const list = Array.from({ length: LIST_OPERATIONS }, () => ({ op: 'bet', ...bet(user, 1) }));
  const headers = { 'content-type': 'application/json' };
  return exchange(url, 'POST', '/transactions', headers, JSON.stringify(list));
}

/** Sends lists until one is refused; the others wait. */
async function fillWithLists(
  server: Server,
  user: string,
): Promise<{ readonly sent: readonly Promise<Reply>[]; readonly refused: Reply }> {
  const sent: Promise<Reply>[] = [];
  for (;;) {
    const reply = sendList(server, user);
    sent.push(reply);
    const refused = await Promise.race([reply, wait(300, undefined)]);
    if (refused !== undefined) return { sent, refused };
    expect(sent.length).toBeLessThan(MAILBOX_BATCHES);
  }
}

test('lists for a partition that hangs are refused at once, and other lists go on', async () => {
  const slow = await slowed(2);
  const { server, directory } = slow;
  const [stuck, free] = await oneOfEach(slow);
  slow.lay('hang-0');
  const { sent, refused } = await fillWithLists(server, stuck);
  expectRefusal(refused);
  const other = await sendList(server, free);
  expect(other.status).toBe(200);
  expect(other.body).toHaveLength(LIST_OPERATIONS);
  slow.lift('hang-0');
  const granted = (await Promise.all(sent)).filter(({ status }) => status === 200);
  expect(granted.length).toBe(sent.length - 1);
  expect(await balanceOf(server, stuck)).toBe(OPENED - granted.length * LIST_OPERATIONS);
  expect(await server.stop()).toBe(0);
  expect(await faultOf(directory)).toBeUndefined();
});

test('a list that would be refused is not read', async () => {
  const slow = await slowed(1);
  const { server } = slow;
  await server.ask('/users', { users: ['alice'] });
  slow.lay('hang-0');
  await fillWithLists(server, 'alice');
  const connection = await rawConnection(server);
  const headers = 'host: purser\r\ncontent-type: application/json\r\ncontent-length: 1000000';
  connection.write(`POST /transactions HTTP/1.1\r\n${headers}\r\n\r\n[`);
  const heard = await connection.hears('"code":"overloaded"', 1);
  expect(heard).toMatch(/^HTTP\/1.1 503 /);
  expect(heard).toMatch(/retry-after: 1/i);
  connection.close();
  slow.lift('hang-0');
  await server.kill();
});

test('large bodies that come slowly take only so much memory together', async () => {
  const server = await serve(['--data', newDirectory()]);
  const begin = async (): Promise<RawConnection> => {
    const connection = await rawConnection(server);
    const headers = `host: purser\r\ncontent-type: application/json\r\ncontent-length: ${LIST_BYTES}`;
    connection.write(`POST /transactions HTTP/1.1\r\n${headers}\r\n\r\n[`);
    return connection;
  };
  const begun: RawConnection[] = [];
  for (let i = 0; i < LARGE_BODIES; i++) begun.push(await begin());
  const one = await begin();
  const refusal = await one.hears('"code":"overloaded"', 1);
  expect(refusal).toMatch(/^HTTP\/1.1 503 /);
  expect(refusal).toMatch(/retry-after: 1/i);
  expect(await server.ask('/users', { users: ['alice'] })).toMatchObject({ created: 1 });
  one.close();
  // What comes to nothing is not counted any more.
  for (const connection of begun) connection.close();
  const next = await begin();
  next.write(`${' '.repeat(LIST_BYTES - 2)}]`);
  expect(await next.hears('[]', 1)).toMatch(/^HTTP\/1.1 200 /);
  next.close();
  await server.stop();
});

test('a list that the disk has room for only in part has an unknown outcome, and can be sent again', async () => {
  const slow = await slowed(1);
  const { server, directory } = slow;
  await server.ask('/users', { users: ['alice'] });
  // Each fills a batch of its own: more of them than go to the disk at once.
  const list = Array.from({ length: 6 }, () => ({ op: 'bet', ...bet('alice', 1), meta }));
  slow.lay('slow-0');
  const part = server.post('/transactions', list);
  await wait(500);
  slow.lay('full-disk');
  const refusal = await part;
  expect(refusal.status).toBe(503);
  expect(await refusal.json()).toMatchObject({ code: 'unavailable' });
  slow.lift('slow-0');
  const done = OPENED - Number(await balanceOf(server, 'alice'));
  expect(done).toBeGreaterThan(0);
  expect(done).toBeLessThan(list.length);
  const none = await server.post('/transactions', [{ op: 'bet', ...bet('alice', 1) }]);
  expect(await none.json()).toMatchObject({ code: 'storage_unavailable' });
  const told = () => server.said().match(/"level":50.*the disk is almost full/g);
  await expect.poll(told).toHaveLength(1);
  slow.lift('full-disk');
  const answers = (await server.ask('/transactions', list)) as unknown as readonly unknown[];
  expect(answers).toEqual(list.map(() => expect.objectContaining({ status: 'RS_OK' })));
  expect(await balanceOf(server, 'alice')).toBe(OPENED - list.length);
  await server.stop();
  expect(await faultOf(directory)).toBeUndefined();
});

test('that there is no room on the disk is to be seen, and the server is up', async () => {
  const { server, lay, lift } = await slowed(2);
  await server.ask('/users', { users: ['alice'] });
  const health = async (): Promise<object> => {
    const response = await fetch(`${server.url}/health`);
    return { code: response.status, ...((await response.json()) as object) };
  };
  const rooms = async (): Promise<number[]> => {
    const text = await (await fetch(`${server.url}/metrics`)).text();
    const lines = text.matchAll(/^purser_partition_room_bytes\{partition="[01]"\} (\S+)$/gm);
    return [...lines].map(([, value]) => Number(value));
  };
  expect(await health()).toMatchObject({ code: 200, status: 'UP', database: 'CONNECTED' });
  expect((await rooms()).map(Math.sign)).toEqual([1, 1]);
  lay('full-disk');
  const full = { code: 200, status: 'UP', database: 'READ_ONLY' };
  await expect.poll(health, { timeout: 10_000 }).toMatchObject(full);
  expect((await rooms()).map(Math.sign)).toEqual([-1, -1]);
  const refused = await server.post('/transaction/bet', bet('alice', 1));
  expect(await refused.json()).toMatchObject({ code: 'storage_unavailable' });
  expect(await balanceOf(server, 'alice')).toBe(OPENED);
  lift('full-disk');
  await expect.poll(health, { timeout: 10_000 }).toMatchObject({ database: 'CONNECTED' });
  expect(await server.ask('/transaction/bet', bet('alice', 1))).toMatchObject({ status: 'RS_OK' });
  expect(await server.stop()).toBe(0);
});

test('behind a slow disk only so much waits as it will answer in time', async () => {
  const slow = await slowed(1);
  const { server, directory } = slow;
  await server.ask('/users', { users: ['alice'] });
  slow.lay('slow-0');
  await server.ask('/transaction/bet', bet('alice', 1));
  // Fewer than the mailbox has room for.
  const replies = await Promise.all(
    Array.from({ length: MAILBOX_BATCHES / 2 }, () => send(server, bet('alice', 1))),
  );
  slow.lift('slow-0');
  const refused = replies.filter(({ status }) => status !== 200);
  expect(refused.length).toBeGreaterThan(0);
  expect(refused.length).toBeLessThan(replies.length);
  for (const one of refused) expectRefusal(one);
  const spent = 1 + replies.length - refused.length;
  expect(await balanceOf(server, 'alice')).toBe(OPENED - spent);
  const all = Array.from({ length: MAILBOX_BATCHES / 2 }, () => {
    return server.ask('/transaction/bet', bet('alice', 1));
  });
  for (const answer of await Promise.all(all)) expect(answer).toMatchObject({ status: 'RS_OK' });
  await server.stop();
  expect(await faultOf(directory)).toBeUndefined();
});

test('what is read late in a long turn is refused, and how the server is can still be asked', async () => {
  const { server } = await slowed(1, 10);
  await server.ask('/users', { users: ['alice'] });
  const connection = await rawConnection(server);
  const count = 100;
  const health = 'GET /health HTTP/1.1\r\nHost: purser\r\n\r\n';
  const bets = Array.from({ length: count }, () => post('/transaction/bet', bet('alice', 1)));
  connection.write(bets.join('') + health);
  const heard = await connection.hears('HTTP/1.1', count + 1);
  connection.close();
  const statuses = heard.match(/(?<=HTTP\/1\.1 )\d+/g) ?? [];
  const refused = statuses.filter((status) => status === '503').length;
  expect(refused).toBeGreaterThan(0);
  expect(statuses.slice(0, 64)).toEqual(Array(64).fill('200'));
  expect(statuses.at(-1)).toBe('200');
  expect(heard.match(/"code":"overloaded"/g)?.length).toBe(refused);
  expect(heard.match(/retry-after: 1/g)?.length).toBe(refused);
  expect(await balanceOf(server, 'alice')).toBe(OPENED - (count - refused));
  await server.kill();
});

test('lists that were announced in time and come all at once are refused before they are parsed', async () => {
  const { server } = await slowed(1, 10);
  await server.ask('/users', { users: ['alice'] });
  const text = JSON.stringify([{ op: 'bet', ...bet('alice', 1) }]);
  const announced: RawConnection[] = [];
  while (announced.length < 40) {
    const connection = await rawConnection(server);
    const type = `content-type: application/json\r\ncontent-length: ${text.length}`;
    connection.write(
      `POST /transactions HTTP/1.1\r\nhost: purser\r\n${type}\r\nexpect: 100-continue\r\n\r\n`,
    );
    await connection.hears('100 Continue');
    announced.push(connection);
  }
  // All of them are there when it reads on. The id is the same: the bet is taken once.
  server.child.kill('SIGSTOP');
  for (const connection of announced) connection.write(text);
  await wait(100);
  server.child.kill('SIGCONT');
  const heard = await Promise.all(announced.map((one) => one.hears('HTTP/1.1', 2)));
  for (const connection of announced) connection.close();
  const refused = heard.filter((answer) => answer.includes('HTTP/1.1 503'));
  const granted = heard.filter((answer) => answer.includes('"status":"RS_OK"'));
  expect(granted.length).toBeGreaterThanOrEqual(8);
  expect(refused.length).toBeGreaterThan(0);
  expect(granted.length + refused.length).toBe(announced.length);
  for (const answer of refused) expect(answer).toMatch(/retry-after: 1[\s\S]*"code":"overloaded"/);
  await server.kill();
});
