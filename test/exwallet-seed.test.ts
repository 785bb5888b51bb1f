import { openWallet, type Wallet } from 'purser';
import { afterAll, beforeAll, expect, test } from 'vitest';

// The twelve tests that came with the Exwallet exercise, in its own dialect.
const ID = '16d2dcfe-b89e-11e7-854a-58404eea6d16';
const REQUEST = '583c985f-fee6-4c0e-bbf5-308aad6265af';
let wallet: Wallet;

beforeAll(async () => {
  wallet = await openWallet();
});

afterAll(async () => {
  await wallet.close();
});

function request(user: string, changes: object): never {
  return {
    user,
    currency: 'USD',
    transaction_uuid: ID,
    request_uuid: REQUEST,
    amount: 10_000,
    ...changes,
  } as never;
}

test('start gives a wallet', () => {
  expect(wallet.health().ok).toBe(true);
});

test('creates users', async () => {
  expect(await wallet.createUsers(['user1', 'user2'])).toBe(2);
});

test('ignores the empty user', async () => {
  expect(await wallet.createUsers([''])).toBe(0);
  const answer = await wallet.bet(request('', { amount: 10_500, bet: 'zero' }));
  expect(answer.status).toBe('RS_ERROR_UNKNOWN');
});

test('debits bets', async () => {
  await wallet.createUsers(['debit1']);
  const id = '16d2dcfe-b89e-11e7-854a-000000000001';
  expect((await wallet.bet(request('debit1', { transaction_uuid: id }))).balance).toBe(90_000);
});

test('refuses identifiers that are no uuids', async () => {
  const ids = {
    transaction_uuid: '16d2dcfe-b89e-11e7-invalid',
    request_uuid: '583c985f-fee6-4c0e-bbf5-wrong',
  };
  expect((await wallet.bet(request('user1', ids))).status).toBe('RS_ERROR_WRONG_TYPES');
});

test('refuses a bet beyond the balance', async () => {
  const answer = await wallet.bet(request('user2', { amount: 102_300 }));
  expect(answer.status).toBe('RS_ERROR_NOT_ENOUGH_MONEY');
});

test('refuses a negative bet', async () => {
  expect((await wallet.bet(request('user1', { amount: -10_000 }))).status).toBe('RS_ERROR_UNKNOWN');
});

test('a nonexistent user is unknown, also without a transaction_uuid', async () => {
  const answer = await wallet.bet(request('nonexistent1', { transaction_uuid: undefined }));
  expect(answer.status).toBe('RS_ERROR_UNKNOWN');
});

test('a duplicate with the same data gets the same answer', async () => {
  await wallet.createUsers(['duper1']);
  const id = '16d2dcfe-b89e-11e7-854a-000000000002';
  const first = await wallet.bet(request('duper1', { transaction_uuid: id }));
  expect(first).toMatchObject({ status: 'RS_OK', balance: 90_000 });
  const fresh = { transaction_uuid: id, request_uuid: '583c985f-fee6-4c0e-bbf5-45e4bf1d24fb' };
  expect(await wallet.bet(request('duper1', fresh))).toEqual(first);
});

test('a duplicate with other data is refused', async () => {
  await wallet.createUsers(['duper2']);
  const id = '16d2dcfe-b89e-11e7-854a-000000000003';
  await wallet.bet(request('duper2', { transaction_uuid: id }));
  const other = await wallet.bet(request('duper2', { transaction_uuid: id, amount: 15_000 }));
  expect(other.status).toBe('RS_ERROR_DUPLICATE_TRANSACTION');
});

test('credits a win, once for each bet', async () => {
  await wallet.createUsers(['winner']);
  const bet = '16d2dcfe-b89e-11e7-854a-000000000004';
  await wallet.bet(request('winner', { transaction_uuid: bet }));
  const win = { reference_transaction_uuid: bet, amount: 15_000 };
  const id = '39c207bb-e421-6c3b-a9f3-caf04be29815';
  expect((await wallet.win(request('winner', { ...win, transaction_uuid: id }))).balance).toBe(
    105_000,
  );
  const ids = {
    transaction_uuid: 'a5dfe923-6421-6prb-8f34-74efb91b2ab5',
    request_uuid: '583c985f-fee6-4c0e-bbf5-0g8b73y0tb3b',
  };
  expect((await wallet.win(request('winner', { ...win, ...ids }))).status).toBe('RS_ERROR_UNKNOWN');
});

test('refuses a win of no number or below zero', async () => {
  const win = { reference_transaction_uuid: ID };
  expect((await wallet.win(request('user1', { ...win, amount: 'NaN' }))).status).toBe(
    'RS_ERROR_WRONG_TYPES',
  );
  expect((await wallet.win(request('user1', { ...win, amount: -10_000 }))).status).toBe(
    'RS_ERROR_UNKNOWN',
  );
});
