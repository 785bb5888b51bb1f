import { randomUUID } from 'node:crypto';
import { openWallet } from 'purser';
import { expect, test } from 'vitest';
import { newDirectory } from './support/directory.js';
import { bet } from './support/wallet-cases.js';

const users = Array.from({ length: 12 }, (_, i) => `user${i}`);

function body(user: string, id: string, amount: number) {
  return { user, amount, currency: 'USD', transaction_uuid: id, request_uuid: randomUUID() };
}

test.each([1, 4])(
  'an id raced by many users has exactly one winner (%i partitions)',
  async (partitions) => {
    const directory = newDirectory();
    let wallet = await openWallet({ dataDir: directory, partitions });
    await wallet.createUsers(users);
    const ids = Array.from({ length: 200 }, () => randomUUID());
    const winners = new Map<
      string,
      { racer: ReturnType<typeof body>; balance: number | undefined }
    >();
    await Promise.all(
      ids.map(async (id, i) => {
        // Every third attempt asks for more than anybody has, and must leave the id free.
        const racers = users.map((user, k) =>
          body(user, id, (i + k) % 3 === 0 ? 1_000_000 : 1 + k),
        );
        const answers = await Promise.all(racers.map((racer) => wallet.bet(racer)));
        const won = answers.filter(({ status }) => status === 'RS_OK');
        expect(won.length).toBe(1);
        for (const { status } of answers) {
          expect([
            'RS_OK',
            'RS_ERROR_DUPLICATE_TRANSACTION',
            'RS_ERROR_NOT_ENOUGH_MONEY',
          ]).toContain(status);
        }
        const at = answers.findIndex(({ status }) => status === 'RS_OK');
        const racer = racers[at];
        if (racer !== undefined) winners.set(id, { racer, balance: won[0]?.balance });
      }),
    );
    await wallet.close();
    wallet = await openWallet({ dataDir: directory });
    for (const [id, { racer, balance }] of winners) {
      const { user, amount } = racer;
      const again = await wallet.bet(body(user, id.toUpperCase(), amount));
      expect(again).toMatchObject({ status: 'RS_OK', balance });
      const other = users.find((name) => name !== user) ?? '';
      expect((await wallet.bet(body(other, id, amount))).status).toBe(
        'RS_ERROR_DUPLICATE_TRANSACTION',
      );
    }
    expect((await wallet.books()).total).toBe(0n);
    await wallet.close();
  },
);

test('a refused id is free for a user of another partition, and after a restart', async () => {
  const directory = newDirectory();
  let wallet = await openWallet({ dataDir: directory, partitions: 4 });
  await wallet.createUsers(users);
  const id = randomUUID();
  for (const user of users) {
    expect((await wallet.bet(body(user, id, 100_001))).status).toBe('RS_ERROR_NOT_ENOUGH_MONEY');
  }
  await wallet.close();
  wallet = await openWallet({ dataDir: directory });
  expect((await wallet.bet(body('user3', id, 5))).status).toBe('RS_OK');
  await wallet.close();
});

test('ids that share 120 bits are different ids', async () => {
  const wallet = await openWallet();
  await wallet.createUsers(['alice']);
  const ids = Array.from(
    { length: 256 },
    (_, i) => `77777777-7777-4777-8777-7777777777${i.toString(16).padStart(2, '0')}`,
  );
  const answers = await wallet.batch(
    ids.map((id) => ({ op: 'bet' as const, ...body('alice', id, 1) })),
  );
  expect(answers.every(({ status }) => status === 'RS_OK')).toBe(true);
  expect(answers.at(-1)?.balance).toBe(100_000 - 256);
  await wallet.close();
});

test('the answer to a retry carries the stored request_uuid as it was sent, in exwallet', async () => {
  const wallet = await openWallet();
  await wallet.createUsers(['alice']);
  const first = { ...bet('alice', 7), request_uuid: randomUUID().toUpperCase() };
  const answer = await wallet.bet(first);
  const again = await wallet.bet({ ...first, request_uuid: randomUUID() });
  expect(again).toEqual(answer);
  await wallet.close();
});

test('copies of a request whose id another partition has are all refused', async () => {
  const wallet = await openWallet({ partitions: 4 });
  await wallet.createUsers(users);
  for (let round = 0; round < 50; round++) {
    const id = randomUUID();
    expect((await wallet.bet(body('user0', id, 1))).status).toBe('RS_OK');
    const copies = users.slice(1).flatMap((user) => [1, 2, 3].map(() => body(user, id, 1)));
    const answers = await Promise.all(copies.map((copy) => wallet.bet(copy)));
    expect(new Set(answers.map(({ status }) => status))).toEqual(
      new Set(['RS_ERROR_DUPLICATE_TRANSACTION']),
    );
  }
  await wallet.close();
});
