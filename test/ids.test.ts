import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import fc from 'fast-check';
import { openWallet, type Wallet, type WalletOptions } from 'purser';
import { describe, expect, test, vi } from 'vitest';
import { newDirectory } from './support/directory.js';
import { mutate, projectRoot } from './support/mutant.js';
import { type Body, type Op, Oracle } from './support/oracle.js';
import { bet } from './support/wallet-cases.js';

const users = Array.from({ length: 12 }, (_, i) => `user${i}`);

function body(user: string, id: string, amount: number) {
  return { user, amount, currency: 'USD', transaction_uuid: id, request_uuid: randomUUID() };
}

test('an id whose bet was refused for want of time or room is not remembered', async () => {
  const { dist, remove } = mutate(projectRoot(import.meta.url), {
    name: 'never has time to read a day',
    ...{ file: 'limits.js', find: 'turn_days_ms: 50', replace: 'turn_days_ms: -1' },
  });
  const load = (file: string) => import(pathToFileURL(join(dist, file)).href);
  const { openWallet }: typeof import('purser') = await load('index.js');
  const { Claims }: typeof import('../dist/engine/claims.js') = await load('engine/claims.js');
  const note = vi.spyOn(Claims.prototype, 'note');
  const wallet = await openWallet({ partitions: 2 });
  await wallet.createUsers(['q']);
  await wallet.bet(bet('q', 1));
  expect(note).toHaveBeenCalledTimes(1);
  await wallet.players.setLimits('q', { daily_stake: 100 });
  for (let i = 0; i < 5; i++) {
    await expect(wallet.bet(bet('q', 1))).rejects.toMatchObject({ code: 'overloaded' });
  }
  expect(note).toHaveBeenCalledTimes(1);
  await wallet.close();
  remove();
});

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

test.each([undefined, 'no uuid', 5])(
  'a retry is the same whatever its request_uuid: %s (exwallet)',
  async (request_uuid) => {
    const wallet = await openWallet();
    await wallet.createUsers(['alice']);
    const first = bet('alice', 7);
    const answer = await wallet.bet(first);
    expect(answer.status).toBe('RS_OK');
    expect(await wallet.bet({ ...first, request_uuid } as never)).toEqual(answer);
    await wallet.close();
  },
);

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

test('commands of one user stay in their order where an id of theirs waits for another', async () => {
  const wallet = await openWallet({ partitions: 4 });
  await wallet.createUsers(users);
  for (const [i, user] of users.entries()) {
    const id = randomUUID();
    const refused = users.slice(0, i).map((other) => wallet.bet(body(other, id, 1_000_000)));
    const taken = wallet.bet(body(user, id, 10));
    const won = wallet.win({ ...body(user, randomUUID(), 20), reference_transaction_uuid: id });
    for (const { status } of await Promise.all(refused)) {
      expect(status).toMatch(/^RS_ERROR_(NOT_ENOUGH_MONEY|DUPLICATE_TRANSACTION)$/);
    }
    expect(await taken).toMatchObject({ status: 'RS_OK', balance: 99_990 });
    expect(await won).toMatchObject({ status: 'RS_OK', balance: 100_010 });
  }
  await wallet.close();
});

test('a list may name ids that users of other partitions have', async () => {
  const wallet = await openWallet({ partitions: 2 });
  await wallet.createUsers(users);
  const ids = Array.from({ length: 2_000 }, () => randomUUID());
  const listOf = (user: string) => ids.map((id) => ({ op: 'bet' as const, ...body(user, id, 1) }));
  const [first = '', ...others] = users.slice(0, 3);
  await wallet.batch(listOf(first));
  for (const user of others) {
    const answers = await wallet.batch(listOf(user));
    expect(answers.every(({ status }) => status === 'RS_ERROR_DUPLICATE_TRANSACTION')).toBe(true);
  }
  await wallet.close();
});

const START = 100;
const NAMES = 3;
const RUNS = 8;
const user = fc.constantFrom(0, 0, 0, 0, 0, 0, 1, 1, 2);

/** Mostly the one, seldom the other. */
function mostly<A, B>(usual: fc.Arbitrary<A>, seldom: fc.Arbitrary<B>): fc.Arbitrary<A | B> {
  return fc.oneof({ arbitrary: usual, weight: 40 }, { arbitrary: seldom, weight: 1 });
}

/**
 * A command as numbers and literals; names and ids come with the run, so that runs share a wallet.
 * Ids count back: `id` 0 is a new one, `target` 0 the one before it, -1 the next one to come.
 */
const command = fc.record({
  op: fc.constantFrom('bet', 'bet', 'win', 'win', 'rollback'),
  user: mostly(user, fc.constantFrom('', 'nobody', 7, undefined)),
  id: mostly(fc.constantFrom(0, 0, 0, 0, 0, 0, 0, 1, 2, 3), fc.constantFrom('no uuid', undefined)),
  target: mostly(fc.integer({ min: -1, max: 4 }), fc.constantFrom('no uuid', null, undefined)),
  capitals: fc.boolean(),
  amount: mostly(fc.constantFrom(1, 10, 10, 60, 150), fc.constantFrom(0, -1, 1.5, '5', undefined)),
  currency: mostly(fc.constant('USD'), fc.constantFrom('EUR', 7, undefined)),
  options: fc.oneof(
    { arbitrary: fc.constant({}), weight: 12 },
    fc.constantFrom(
      { round: 'r' },
      { game_code: 'g' },
      { is_free: true },
      { is_supplier_promo: true },
      { meta: { a: 1 } },
      { round: 5 },
    ),
  ),
  request: mostly(fc.constant('fresh'), fc.constantFrom('no uuid', undefined)),
});

const setting = fc.record({
  op: fc.constant('set'),
  user,
  disabled: fc.boolean(),
  max_bet: fc.constantFrom(undefined, 10, 60),
});
/** Users share ids more often than elsewhere: an operation of one then waits for another's. */
const listed = fc.tuple(command, fc.constantFrom(0, 1, 2), fc.constantFrom(0, 0, 0, 1, 1, 2));
const operation = listed.map(([one, user, id]) => ({ ...one, user, id }));
const list = fc.record({
  op: fc.constant('list'),
  list: fc.array(operation, { minLength: 2, maxLength: 12, size: 'max' }),
});
/** More than a turn looks ahead to at once. */
const longList = fc.record({
  op: fc.constant('list'),
  list: fc.array(operation, { minLength: 33, maxLength: 200, size: 'max' }),
});
const again = fc.record({ op: fc.constant('again'), back: fc.nat(20) });
const reopen = fc.record({ op: fc.constant('reopen') });
const step = fc.oneof(
  { arbitrary: command, weight: 60 },
  { arbitrary: list, weight: 10 },
  { arbitrary: longList, weight: 3 },
  { arbitrary: again, weight: 10 },
  { arbitrary: setting, weight: 4 },
  { arbitrary: reopen, weight: 1 },
);

type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;
type Command = typeof command extends fc.Arbitrary<infer T> ? T : never;
type Options = WalletOptions & { readonly dialect: 'exwallet' | 'hub88' };

/** One sequence, played to a wallet that other sequences have used and to an oracle of its own. */
class Play {
  wallet: Wallet;
  readonly #options: Options;
  readonly #names: readonly string[];
  readonly #oracle: Oracle;
  readonly #ids: string[] = [];
  readonly #sent: { readonly op: Op; readonly body: Body }[] = [];

  constructor(wallet: Wallet, options: Options) {
    const run = randomUUID();
    this.wallet = wallet;
    this.#options = options;
    this.#names = Array.from({ length: NAMES }, (_, i) => `${run}-${i}`);
    this.#oracle = new Oracle(options.dialect, this.#names, START);
  }

  async all(steps: readonly Step[]): Promise<void> {
    expect(await this.wallet.createUsers(this.#names)).toBe(NAMES);
    for (const one of steps) await this.#step(one);
    for (const [user, { balance }] of this.#oracle.players) {
      const answer = await this.wallet.balance({ user, request_uuid: randomUUID() });
      expect(answer.balance).toBe(balance);
    }
    expect((await this.wallet.books()).total).toBe(0n);
  }

  async #step(one: Step): Promise<void> {
    if ('back' in one) await this.#again(one.back);
    else if ('disabled' in one) await this.#set(this.#names[one.user] ?? '', one);
    else if ('list' in one) await this.#list(one.list);
    else if ('target' in one) await this.#ask(one.op as Op, this.#bodyOf(one));
    else {
      await this.wallet.close();
      this.wallet = await openWallet(this.#options);
    }
  }

  async #ask(op: Op, body: Body): Promise<void> {
    this.#sent.push({ op, body });
    const wanted = this.#oracle.answer(op, body);
    expect(await this.wallet[op](body as never), JSON.stringify({ op, body })).toEqual(wanted);
  }

  /** A list is answered as its operations are, one after the other. */
  async #list(commands: readonly Command[]): Promise<void> {
    const operations = commands.map((one) => ({ op: one.op as Op, ...this.#bodyOf(one) }));
    const wanted = operations.map(({ op, ...body }) => this.#oracle.answer(op, body));
    expect(await this.wallet.batch(operations as never), JSON.stringify(operations)).toEqual(
      wanted,
    );
  }

  async #again(back: number): Promise<void> {
    const former = this.#sent.at(-1 - back);
    if (former === undefined) return;
    await this.#ask(former.op, { ...former.body, request_uuid: randomUUID() });
  }

  async #set(name: string, { disabled, max_bet }: PlayerSetting): Promise<void> {
    const maxBet = max_bet ?? Number.POSITIVE_INFINITY;
    Object.assign(this.#oracle.players.get(name) ?? {}, { disabled, maxBet });
    await this.wallet.players.setStatus(name, disabled ? 'DISABLED' : 'ACTIVE');
    await this.wallet.players.setLimits(name, max_bet === undefined ? {} : { max_bet });
  }

  #bodyOf({ op, user, id, target, capitals, request, amount, currency, options }: Command): Body {
    // The last id is one yet to come.
    if (this.#ids.length === 0) this.#ids.push(randomUUID());
    if (id === 0) this.#ids.push(randomUUID());
    const own = typeof id === 'number' ? this.#ids.at(-2 - id) : id;
    const named = typeof target === 'number' ? this.#ids.at(target < 0 ? -1 : -3 - target) : target;
    const spelled = (text: unknown): unknown => {
      return capitals && typeof text === 'string' ? text.toUpperCase() : text;
    };
    return {
      user: typeof user === 'number' && user < NAMES ? this.#names[user] : user,
      transaction_uuid: spelled(own),
      request_uuid: request === 'fresh' ? randomUUID() : request,
      ...(op === 'rollback' ? {} : { amount, currency }),
      // A rollback that names itself is a case of its own.
      ...(op === 'bet' || own === named ? {} : { reference_transaction_uuid: spelled(named) }),
      ...options,
    };
  }
}

interface PlayerSetting {
  readonly disabled: boolean;
  readonly max_bet: number | undefined;
}

describe.each(['exwallet', 'hub88'] as const)('in the dialect %s', (dialect) => {
  test.each([1, 4])(
    'any sequence of commands is answered as an oracle answers it (%i partitions)',
    async (partitions) => {
      const options = { dataDir: newDirectory(), dialect, partitions, initialBalance: START };
      let wallet = await openWallet(options);
      const steps = fc.array(step, { minLength: 20, maxLength: 90, size: 'max' });
      const property = fc.asyncProperty(steps, async (sequence) => {
        const play = new Play(wallet, options);
        try {
          await play.all(sequence);
        } finally {
          wallet = play.wallet;
        }
      });
      // The wallet is the same for all runs: what made one fail is not found by running parts of it.
      await fc.assert(property, { numRuns: RUNS, endOnFailure: true });
      await wallet.close();
    },
  );
});

test.each(['exwallet', 'hub88'] as const)(
  'a rollback that names itself is answered the same when it is sent again (%s)',
  async (dialect) => {
    const wallet = await openWallet({ dialect });
    await wallet.createUsers(['alice']);
    const id = randomUUID();
    const ids = { transaction_uuid: id, reference_transaction_uuid: id };
    const rollback = { user: 'alice', request_uuid: randomUUID(), ...ids };
    const first = await wallet.rollback(rollback);
    expect(first).toMatchObject({ status: 'RS_OK', balance: 100_000 });
    expect(await wallet.rollback(rollback)).toEqual(first);
    await wallet.close();
  },
);
