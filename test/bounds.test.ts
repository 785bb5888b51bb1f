import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { setImmediate as nextTurn, setTimeout as wait } from 'node:timers/promises';
import { promisify } from 'node:util';
import { EngineError, openWallet, type Wallet } from 'purser';
import { expect, test, vi } from 'vitest';
import { newDirectory } from './support/directory.js';
import { withFaults } from './support/mutant-wallet.js';
import { run, serve } from './support/server.js';
import { bet } from './support/wallet-cases.js';

test('a full mailbox refuses at once, and nothing was done', async () => {
  const wallet = await openWallet({ partitions: 1 });
  await wallet.createUsers(['alice']);
  // All in one turn of the event loop: nothing can leave the mailbox meanwhile but the first batches.
  const sent = Array.from({ length: 90_000 }, () => wallet.bet(bet('alice', 1)));
  const settled = await Promise.allSettled(sent);
  const refused = settled.filter((one) => one.status === 'rejected');
  expect(refused.length).toBeGreaterThan(0);
  for (const { reason } of refused) {
    expect(reason).toBeInstanceOf(EngineError);
    expect(reason.code).toBe('overloaded');
  }
  const { balance } = await wallet.balance({ user: 'alice', request_uuid: randomUUID() });
  expect(balance).toBe(100_000 - (sent.length - refused.length));
  await wallet.close();
});

test('commands behind one that waits for an id are bounded too, and stay in their order', async () => {
  const wallet = await openWallet({ partitions: 2 });
  // Of one partition each.
  await wallet.createUsers(['alice', 'dave']);
  const { transaction_uuid } = bet('any', 1);
  const other = wallet.bet({ ...bet('alice', 1), transaction_uuid });
  const held = wallet.bet({ ...bet('dave', 1), transaction_uuid });
  const behind = Promise.allSettled(
    Array.from({ length: 2_000 }, () => wallet.bet(bet('dave', 1))),
  );
  expect(wallet.health().partitions.map(({ pending }) => pending)).toEqual([1, 1_024]);
  const closed = wallet.close();
  expect((await other).status).toBe('RS_OK');
  expect((await held).status).toBe('RS_ERROR_DUPLICATE_TRANSACTION');
  const settled = await behind;
  const balances = settled.flatMap((one) => {
    return one.status === 'fulfilled' ? [one.value.balance] : [];
  });
  expect(balances).toEqual(Array.from({ length: 1_023 }, (_, i) => 100_000 - 1 - i));
  for (const one of settled) {
    if (one.status === 'rejected') expect(one.reason.code).toBe('overloaded');
  }
  await closed;
});

test('a batch has no bound but memory', async () => {
  const wallet = await openWallet({ partitions: 2, initialBalance: 1_000_000 });
  await wallet.createUsers(['alice', 'bob', 'carol']);
  const users = ['alice', 'bob', 'carol'];
  const operations = Array.from({ length: 100_000 }, (_, i) => {
    return { op: 'bet' as const, ...bet(users[i % 3] ?? '', 1) };
  });
  const answers = await wallet.batch(operations);
  expect(answers.length).toBe(operations.length);
  expect(answers.every(({ status }) => status === 'RS_OK')).toBe(true);
  expect(answers.at(-1)?.user).toBe('alice');
  expect(answers.at(-1)?.balance).toBe(1_000_000 - 33_334);
  await wallet.close();
});

/** Until nothing waits or is in flight, so that a read is neither refused nor too early. */
async function quiet(wallet: Wallet): Promise<void> {
  while (wallet.health().partitions.some(({ pending }) => pending > 0)) await wait(5);
}

test('a batch of large operations has no bound either', async () => {
  const wallet = await openWallet({ partitions: 1 });
  await wallet.createUsers(['alice']);
  // Each fills a batch of its own: more of them than the mailbox holds.
  const meta = { text: 'x'.repeat(300_000) };
  const operations = Array.from({ length: 100 }, () => {
    return { op: 'bet' as const, ...bet('alice', 1), meta };
  });
  const [settled] = await Promise.allSettled([wallet.batch(operations)]);
  await quiet(wallet);
  const { balance } = await wallet.balance({ user: 'alice', request_uuid: randomUUID() });
  await wallet.close();
  expect(settled).toMatchObject({ status: 'fulfilled' });
  expect(balance).toBe(100_000 - operations.length);
});

test('of many batches at once, those that are refused as overloaded did nothing', async () => {
  const wallet = await openWallet({ partitions: 1 });
  const users = Array.from({ length: 100 }, (_, i) => `user${i}`);
  await wallet.createUsers(users);
  const settled = await Promise.allSettled(
    users.map((user) => {
      return wallet.batch(
        Array.from({ length: 2_048 }, () => ({ op: 'bet' as const, ...bet(user, 1) })),
      );
    }),
  );
  await quiet(wallet);
  const wrong: unknown[] = [];
  for (const [i, one] of settled.entries()) {
    const user = users[i] ?? '';
    const { balance } = await wallet.balance({ user, request_uuid: randomUUID() });
    const wanted = one.status === 'fulfilled' ? 100_000 - 2_048 : 100_000;
    if (one.status === 'rejected') expect(one.reason.code).toBe('overloaded');
    if (balance !== wanted) wrong.push({ user, status: one.status, balance });
  }
  await wallet.close();
  expect(wrong).toEqual([]);
});

test('a directory belongs to one wallet and one process', async () => {
  const directory = newDirectory();
  const wallet = await openWallet({ dataDir: directory });
  await expect(openWallet({ dataDir: directory })).rejects.toThrow(/in use/);
  expect(run('serve', '--port', '0', '--data', directory)).toMatchObject({ code: 2 });
  await wallet.close();
  const server = await serve(['--data', directory]);
  await expect(openWallet({ dataDir: directory })).rejects.toThrow(/in use/);
  await server.kill();
  // The kernel frees the lock of a killed process.
  const next = await openWallet({ dataDir: directory });
  await next.close();
});

test('of two first starts at once one has the directory', async () => {
  const dataDir = newDirectory();
  const starts = Array.from({ length: 4 }, () => openWallet({ dataDir, partitions: 2 }));
  const [first, ...others] = (await Promise.allSettled(starts)).toSorted((a, b) => {
    return a.status.localeCompare(b.status);
  });
  if (first?.status !== 'fulfilled') throw new Error('no start has it');
  for (const { status, reason } of others as PromiseRejectedResult[]) {
    expect(status).toBe('rejected');
    expect(reason.message).toMatch(/in use/);
  }
  await first.value.createUsers(['alice']);
  await first.value.close();
  const wallet = await openWallet({ dataDir });
  expect(await wallet.createUsers(['alice'])).toBe(0);
  await wallet.close();
});

test('another number of partitions is refused', async () => {
  const directory = newDirectory();
  await (await openWallet({ dataDir: directory, partitions: 2 })).close();
  await expect(openWallet({ dataDir: directory, partitions: 3 })).rejects.toThrow(/2 partitions/);
});

test('a closed wallet says so, after it has finished what it accepted', async () => {
  const wallet = await openWallet();
  await wallet.createUsers(['alice']);
  const accepted = Array.from({ length: 500 }, () => wallet.bet(bet('alice', 1)));
  const closing = wallet.close();
  expect((await Promise.all(accepted)).every(({ status }) => status === 'RS_OK')).toBe(true);
  await closing;
  const calls = [
    () => wallet.bet(bet('alice', 1)),
    () => wallet.createUsers([]),
    () => wallet.items.get('gold_coin'),
    () => wallet.items.list(),
  ];
  for (const call of calls) await expect(call()).rejects.toMatchObject({ code: 'closed' });
});

test('a wallet that closes takes nothing new while it finishes the rest', async () => {
  const wallet = await openWallet();
  await wallet.createUsers(['alice', 'bob']);
  const options = { idempotencyKey: 'k' };
  const accepted = wallet.batch(
    Array.from({ length: 20_000 }, () => ({ op: 'bet' as const, ...bet('bob', 1) })),
  );
  const closing = wallet.close();
  const calls = [
    wallet.bet(bet('alice', 1)),
    wallet.players.get('alice'),
    wallet.credits.add('alice', { amount: 1, reason: 'BONUS' }, options),
    wallet.orders.create('alice', { lines: [{ sku: 'gold_coin', quantity: 1 }] }, options),
    wallet.items.put('new', { name: 'New', kind: 'durable', price: 1 }),
    wallet.transactions.list('alice'),
    wallet.accounts.topUp('alice', { amount: 1 }),
  ];
  for (const call of await Promise.allSettled(calls)) {
    expect(call).toMatchObject({ status: 'rejected', reason: { code: 'closed' } });
  }
  expect((await accepted).every(({ status }) => status === 'RS_OK')).toBe(true);
  await closing;
});

test('close finishes a batch that is under way, or refuses all of it', async () => {
  const options = { dataDir: newDirectory(), partitions: 1 };
  let wallet = await openWallet(options);
  await wallet.createUsers(['alice']);
  const operations = Array.from({ length: 50_000 }, () => {
    return { op: 'bet' as const, ...bet('alice', 1) };
  });
  const batch = wallet.batch(operations);
  await nextTurn();
  const [settled] = await Promise.allSettled([batch, wallet.close()]);
  wallet = await openWallet(options);
  const { balance } = await wallet.balance({ user: 'alice', request_uuid: randomUUID() });
  await wallet.close();
  expect(balance).toBe(settled.status === 'fulfilled' ? 50_000 : 100_000);
});

test('several wallets in one process share nothing', async () => {
  const [a, b] = await Promise.all([openWallet(), openWallet()]);
  await a.createUsers(['alice']);
  const request_uuid = randomUUID();
  expect((await a.balance({ user: 'alice', request_uuid })).status).toBe('RS_OK');
  expect((await b.balance({ user: 'alice', request_uuid })).status).toBe('RS_ERROR_UNKNOWN');
  await Promise.all([a.close(), b.close()]);
});

test('createUsers skips what can be no user id', async () => {
  const wallet = await openWallet();
  const none = [
    '',
    ' ',
    '\t',
    null,
    7,
    {},
    'a\u0000b',
    'a\nb',
    '\ud800',
    'x'.repeat(256),
    'ü'.repeat(128),
  ];
  expect(await wallet.createUsers(none)).toBe(0);
  const some = ['x'.repeat(255), 'Zoë', '用户', ' spaced ', '🎲'];
  expect(await wallet.createUsers([...some, ...some])).toBe(some.length);
  expect(await wallet.createUsers(some)).toBe(0);
  for (const user of some) {
    expect(await wallet.bet(bet(user, 1))).toMatchObject({ user, status: 'RS_OK' });
  }
  await wallet.close();
});

test('a text is as long as its bytes are', async () => {
  const wallet = await openWallet({ partitions: 1 });
  await wallet.createUsers(['alice']);
  // Three bytes for each character would be too many; these have one, and three.
  for (const round of ['a'.repeat(1_000_000), '用'.repeat(330_000)]) {
    expect(await wallet.bet({ ...bet('alice', 1), round })).toMatchObject({ status: 'RS_OK' });
  }
  const tooLong = { ...bet('alice', 1), round: '用'.repeat(400_000) };
  expect(await wallet.bet(tooLong)).toMatchObject({ status: 'RS_ERROR_WRONG_TYPES' });
  await wallet.close();
});

test('balances are exact up to 2^53-1 and go no further', async () => {
  const wallet = await openWallet({ initialBalance: Number.MAX_SAFE_INTEGER });
  await wallet.createUsers(['rich']);
  const stake = bet('rich', 1);
  expect(await wallet.bet(stake)).toMatchObject({ balance: Number.MAX_SAFE_INTEGER - 1 });
  const win = (amount: number) => {
    return wallet.win({
      ...bet('rich', amount),
      reference_transaction_uuid: stake.transaction_uuid,
    });
  };
  expect((await win(2)).status).toBe('RS_ERROR_UNKNOWN');
  expect(await win(1)).toMatchObject({ status: 'RS_OK', balance: Number.MAX_SAFE_INTEGER });
  expect((await wallet.books()).total).toBe(0n);
  await wallet.close();
});

test('however many ask for the books, a bet finds its place', async () => {
  const counts = 'async turn(task) { globalThis.turns = (globalThis.turns ?? 0) + 1;';
  const waits =
    'async books() { globalThis.next ??= globalThis.turns + 1;' +
    'while (globalThis.turns < globalThis.next) await new Promise((r) => setTimeout(r, 5));';
  const open = await withFaults(
    { file: 'partitions/partition.js', find: 'async turn(task) {', replace: counts },
    { file: 'partitions/partition.js', find: 'async books() {', replace: waits },
  );
  const wallet = await open({ partitions: 1 });
  await wallet.createUsers(['alice']);
  // None of them ends before a turn that begins after it.
  let areThere = false;
  const books = Promise.all(Array.from({ length: 50 }, () => wallet.books())).finally(() => {
    areThere = true;
  });
  while (!areThere) {
    expect(await wallet.bet(bet('alice', 1))).toMatchObject({ status: 'RS_OK' });
  }
  for (const { accounts, total } of await books) {
    expect(total).toBe(0n);
    expect(accounts['house']).toBeGreaterThan(0n);
  }
  await wallet.close();
});

test.skipIf(process.platform !== 'linux')(
  'an audit for which there are no files says so as every call does, and is there later',
  async () => {
    const script = `
      import { closeSync, openSync } from 'node:fs';
      import { openWallet } from ${JSON.stringify(import.meta.resolve('purser'))};
      const wallet = await openWallet({ partitions: 1 });
      const said = new Set();
      for (const left of [0, 1, 2, 3, 4, 5, 100]) {
        const files = [];
        try {
          for (;;) files.push(openSync('/dev/null'));
        } catch {}
        for (const file of files.splice(0, left)) closeSync(file);
        const { name, code, ok } = await wallet.audit().catch((error) => error);
        said.add(ok ?? name + ' ' + code);
        for (const file of files) closeSync(file);
      }
      await wallet.close();
      console.log(...said);`;
    const limited = ['-c', 'ulimit -n 128; exec "$@"', 'sh', process.execPath];
    const { stdout } = await promisify(execFile)('sh', [
      ...limited,
      ...['--input-type=module', '-e', script],
    ]);
    expect(stdout).toBe('EngineError unavailable true\n');
  },
);

test('two workers of a cluster do not share a directory', async () => {
  const script = join(import.meta.dirname, 'support/cluster.mjs');
  const { stdout } = await promisify(execFile)(process.execPath, [script, newDirectory()]);
  expect(stdout).toMatch(/^\/.* is in use by another process or wallet\nopened\n$/);
});

test('a callback that a close overtakes is not called undone when it is done', async () => {
  for (let turns = 0; turns < 8; turns += 2) {
    const dataDir = newDirectory();
    const wallet = await openWallet({ dataDir, partitions: 1, initialBalance: 0 });
    await wallet.createUsers(['alice']);
    const body = { provider: 'psp', amount: 500 };
    const payment = await wallet.payments.create('alice', body, { idempotencyKey: 'p' });
    if (!payment.ok) throw new Error(payment.code);
    const { payment_id } = payment.value;
    const paid = { event_id: 'e', type: 'payment.succeeded', payment_id, provider_ref: 'ch' };
    const told = wallet.payments.receive('psp', paid as never).then(
      () => 'applied',
      ({ code }: EngineError) => code,
    );
    for (let turn = 0; turn < turns; turn++) await nextTurn();
    await wallet.close();
    const next = await openWallet({ dataDir });
    const player = await next.players.get('alice');
    const known = player?.balance === 0 ? ['closed', 'unavailable'] : ['applied', 'unavailable'];
    expect(known).toContain(await told);
    await next.close();
  }
});

test('close finishes commands that wait for each other over an id', async () => {
  const wallet = await openWallet({ partitions: 4 });
  const users = Array.from({ length: 8 }, (_, i) => `user${i}`);
  await wallet.createUsers(users);
  const { transaction_uuid } = bet('any', 1);
  const answers = users.map((user) => wallet.bet({ ...bet(user, 1), transaction_uuid }));
  const closed = wallet.close();
  const statuses = (await Promise.all(answers)).map(({ status }) => status).sort();
  expect(statuses).toEqual([...Array(7).fill('RS_ERROR_DUPLICATE_TRANSACTION'), 'RS_OK']);
  await closed;
});

test('what was asked for is what was there at the call', async () => {
  const wallet = await openWallet({ partitions: 2, initialBalance: 1_000 });
  const users = Array.from({ length: 8 }, (_, i) => `user${i}`);
  await wallet.createUsers(users);
  // The array of a list is used again.
  const queue = users.map((user) => ({ op: 'bet' as const, ...bet(user, 1) }));
  const listed = wallet.batch(queue);
  queue.length = 0;
  expect((await listed).map(({ user, balance }) => [user, balance])).toEqual(
    users.map((user) => [user, 999]),
  );
  // One body is used for all.
  const body = { ...bet('', 1) };
  const asked = users.map((user) => wallet.bet(Object.assign(body, bet(user, 1))));
  Object.assign(body, bet('nobody', 7));
  const answers = await Promise.all(asked);
  expect(answers.map(({ user, status }) => [user, status])).toEqual(
    users.map((user) => [user, 'RS_OK']),
  );
  // A command waits for the claim of another on its id.
  for (const other of users.slice(1)) {
    const refused = { ...bet(users[0] as string, 5_000) };
    const held = { ...bet(other, 1), transaction_uuid: refused.transaction_uuid };
    const both = [wallet.bet(refused), wallet.bet(held)];
    Object.assign(held, bet('nobody', 100));
    expect((await Promise.all(both))[1]).toMatchObject({ status: 'RS_OK', user: other });
    expect((await wallet.players.get(other))?.balance).toBe(997);
  }
  await wallet.close();
});

test('a body that sends a command while it is read spoils no other', async () => {
  const wallet = await openWallet({ partitions: 1, initialBalance: 1_000 });
  await wallet.createUsers(['a', 'b']);
  let inner: Promise<unknown> = Promise.resolve();
  const get = () => {
    inner = wallet.bet(bet('b', 50)).catch(String);
    return 3;
  };
  const outer = Object.defineProperty(bet('a', 0), 'amount', { get });
  expect(await wallet.bet(outer)).toMatchObject({ user: 'a', status: 'RS_OK', balance: 997 });
  expect(await inner).toMatch(/must not use the wallet/);
  expect((await wallet.players.get('b'))?.balance).toBe(1_000);
  await wallet.close();
});

test('a body that throws when it is read again fails alone', async () => {
  const wallet = await openWallet();
  await wallet.createUsers(['alice']);
  let read = 0;
  const evil = bet('alice', 1);
  Object.defineProperty(evil, 'request_uuid', {
    get: () => {
      read += 1;
      if (read === 2) throw new Error('read twice');
      return '11111111-1111-4111-8111-111111111111';
    },
  });
  const asked = [wallet.bet(bet('alice', 1)), wallet.bet(evil), wallet.bet(bet('alice', 1))];
  const settled = await Promise.allSettled(asked);
  expect(settled.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  expect(wallet.health().partitions[0]).toMatchObject({ state: 'serving', restarts: 0 });
  await wallet.close();
});

test('users that are refused for want of room are not made, or it is said that some are', async () => {
  const wallet = await openWallet();
  const names = (n: number) => Array.from({ length: 2_000 }, (_, i) => `user-${n}-${i}`);
  const lists = Array.from({ length: 40 }, (_, n) => names(n));
  const settled = await Promise.allSettled(lists.map((list) => wallet.createUsers(list)));
  const codes = settled.map((one) => (one.status === 'fulfilled' ? 'made' : one.reason.code));
  expect(codes).toContain('unavailable');
  for (const [n, code] of codes.entries()) {
    const found = await wallet.players.get(`user-${n}-0`);
    if (code === 'overloaded') expect(found).toBeUndefined();
    if (code === 'made') expect(found).toBeDefined();
    if (code === 'unavailable') expect(await wallet.createUsers(names(n))).toBeLessThan(2_000);
  }
  await wallet.close();
});

test('what is no body or no list is told so, and nothing is lost', async () => {
  const wallet = await openWallet();
  await wallet.createUsers(['alice']);
  for (const body of [null, undefined, 'x', 5]) {
    for (const op of ['bet', 'win', 'rollback', 'balance', 'info'] as const) {
      expect(await wallet[op](body as never)).toEqual({ status: 'RS_ERROR_WRONG_SYNTAX' });
    }
  }
  await expect(wallet.batch(null as never)).rejects.toThrow(TypeError);
  await expect(wallet.createUsers('alice' as never)).rejects.toThrow(TypeError);
  const answers = await wallet.batch([
    null,
    { op: 'steal' },
    { op: 'bet', ...bet('alice', 1) },
  ] as never);
  expect(answers.map(({ status }) => status)).toEqual([
    'RS_ERROR_WRONG_SYNTAX',
    'RS_ERROR_WRONG_TYPES',
    'RS_OK',
  ]);
  await wallet.close();
});

test('a wallet without a place for its temporary directory does not open, in one line', async () => {
  vi.stubEnv('TMPDIR', '/dev/null');
  const opened = openWallet();
  vi.unstubAllEnvs();
  await expect(opened).rejects.toMatchObject({
    name: 'OpenError',
    message: expect.stringMatching(/^\/dev\/null\/purser-\S+ cannot be written: .+$/),
  });
});

test.each([
  [{ dialect: 'latin' }, /dialect is 'exwallet' or 'hub88', not 'latin'/],
  [{ durability: 'hope' }, /durability is 'disk' or 'process'/],
  [{ currency: '$' }, /currency has 3 to 8/],
  [{ initialBalance: -1 }, /initialBalance is a whole number/],
  [{ partitions: 0 }, /partitions/],
  [{ partitions: 1.5 }, /partitions/],
  [{ threadHeapMegabytes: Number.NaN }, /threadHeapMegabytes is a whole number/],
  [{ datadir: './data' }, /no option 'datadir': dataDir, partitions, .* are known/],
  ['./data', /takes an object of options/],
  [null, /takes an object of options/],
])('openWallet refuses %j in one line', async (options, words) => {
  await expect(openWallet(options as never)).rejects.toThrow(words);
});
