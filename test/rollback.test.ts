import { randomUUID } from 'node:crypto';
import { type Answer, openWallet, type Wallet } from 'purser';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { bet } from './support/wallet-cases.js';

let wallet: Wallet;
let tests = 0;
let alice: string;
let bob: string;

const OK = 'RS_OK';
const DUPLICATE = 'RS_ERROR_DUPLICATE_TRANSACTION';

function stake(user: string, amount: number) {
  return bet(user, amount);
}

function rollback(user: string, target: string, id: string = randomUUID()): Promise<Answer> {
  const request_uuid = randomUUID();
  return wallet.rollback({
    user,
    transaction_uuid: id,
    request_uuid,
    reference_transaction_uuid: target,
  });
}

function win(user: string, target: string, amount: number) {
  return { ...stake(user, amount), reference_transaction_uuid: target };
}

describe.each(['exwallet', 'hub88'] as const)('rollbacks in the dialect %s', (dialect) => {
  beforeAll(async () => {
    wallet = await openWallet({ dialect, partitions: 2 });
  });

  afterAll(() => wallet.close());

  /** Each test has users of its own. */
  beforeEach(async () => {
    tests += 1;
    alice = `alice${tests}`;
    bob = `bob${tests}`;
    await wallet.createUsers([alice, bob]);
  });

  test('give a stake back once, whoever asks again', async () => {
    const body = stake(alice, 100);
    await wallet.bet(body);
    const id = randomUUID();
    expect(await rollback(alice, body.transaction_uuid, id)).toMatchObject({
      status: OK,
      balance: 100_000,
    });
    expect(await rollback(alice, body.transaction_uuid, id)).toMatchObject({
      status: OK,
      balance: 100_000,
    });
    expect(await rollback(alice, body.transaction_uuid)).toMatchObject({
      status: OK,
      balance: 100_000,
    });
    expect((await wallet.bet(body)).status).toBe(DUPLICATE);
  });

  test('of something unknown keep the late bet away', async () => {
    const body = stake(alice, 100);
    expect(await rollback(alice, body.transaction_uuid)).toMatchObject({
      status: OK,
      balance: 100_000,
    });
    expect((await wallet.bet(body)).status).toBe(DUPLICATE);
    expect((await wallet.bet({ ...body, user: bob })).status).toBe(OK);
  });

  test('of a rollback do nothing', async () => {
    const body = stake(alice, 100);
    await wallet.bet(body);
    const id = randomUUID();
    await rollback(alice, body.transaction_uuid, id);
    expect(await rollback(alice, id)).toMatchObject({ status: OK, balance: 100_000 });
  });

  test('of a rollback do nothing when they come before it either', async () => {
    const body = stake(alice, 100);
    await wallet.bet(body);
    const id = randomUUID();
    expect(await rollback(alice, id)).toMatchObject({ status: OK, balance: 99_900 });
    const late = await rollback(alice, body.transaction_uuid, id);
    expect(late).toMatchObject({ status: OK, balance: 100_000 });
    expect((await wallet.bet(body)).status).toBe(DUPLICATE);
    expect(await rollback(alice, body.transaction_uuid, id)).toMatchObject({ status: OK });
    expect((await wallet.bet({ ...stake(alice, 1), transaction_uuid: id })).status).toBe(DUPLICATE);
    expect(await wallet.balance({ user: alice, request_uuid: id })).toMatchObject({
      balance: 100_000,
    });
    expect(await wallet.audit()).toMatchObject({ ok: true });
  });

  test("of another user's bet do nothing, to either", async () => {
    const body = stake(alice, 100);
    await wallet.bet(body);
    expect(await rollback(bob, body.transaction_uuid)).toMatchObject({
      status: OK,
      balance: 100_000,
    });
    expect((await wallet.win(win(alice, body.transaction_uuid, 5))).balance).toBe(99_905);
  });

  test('of a bet that has won undo the stake only', async () => {
    const body = stake(alice, 100);
    await wallet.bet(body);
    await wallet.win(win(alice, body.transaction_uuid, 300));
    expect((await rollback(alice, body.transaction_uuid)).balance).toBe(100_300);
  });

  test('of a spent win may leave less than nothing, and bets are refused then', async () => {
    const body = stake(alice, 100_000);
    await wallet.bet(body);
    const won = win(alice, body.transaction_uuid, 50_000);
    await wallet.win(won);
    await wallet.bet(stake(alice, 50_000));
    expect((await rollback(alice, won.transaction_uuid)).balance).toBe(-50_000);
    const refused = await wallet.bet(stake(alice, 1));
    expect(refused).toMatchObject({ status: 'RS_ERROR_NOT_ENOUGH_MONEY', balance: -50_000 });
  });

  test('of a win let its bet be won again', async () => {
    const body = stake(alice, 100);
    await wallet.bet(body);
    const won = win(alice, body.transaction_uuid, 300);
    await wallet.win(won);
    await rollback(alice, won.transaction_uuid);
    expect(await wallet.win(win(alice, body.transaction_uuid, 200))).toMatchObject({
      status: OK,
      balance: 100_100,
    });
  });

  test('of a bet make its win impossible', async () => {
    const body = stake(alice, 100);
    await wallet.bet(body);
    await rollback(alice, body.transaction_uuid);
    expect((await wallet.win(win(alice, body.transaction_uuid, 5))).status).toBe(
      'RS_ERROR_TRANSACTION_DOES_NOT_EXIST',
    );
  });

  test('of a free bet move nothing', async () => {
    const body = { ...stake(alice, 100), is_free: true };
    expect((await wallet.bet(body)).balance).toBe(100_000);
    expect((await rollback(alice, body.transaction_uuid)).balance).toBe(100_000);
  });
});
