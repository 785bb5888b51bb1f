import { randomUUID } from 'node:crypto';
import { EngineError, openWallet } from 'purser';
import { expect, test } from 'vitest';
import { newDirectory } from './support/directory.js';
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
  await expect(wallet.bet(bet('alice', 1))).rejects.toMatchObject({ code: 'closed' });
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
