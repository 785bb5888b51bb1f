import { cpSync } from 'node:fs';
import { openWallet, type Wallet } from 'purser';
import { beforeAll, beforeEach, expect, test } from 'vitest';
import { newDirectory, sharedDirectory } from './support/directory.js';
import { add, type Change, each, faultFound, forge, journalOf, put } from './support/forgery.js';
import { run } from './support/server.js';

/**
 * Requests changed by somebody who knows their bytes (docs/journal-format.md) and makes checksums
 * and hashes fit again: `verify` decides each anew, and it must come out as it stands.
 */
const ENTRY = { balance: 88, account: 107 };
/** Amounts of two postings. */
const AMOUNT = { first: 112, second: 120 };
/** One frame a request, behind genesis, item and two players. */
const FRAME = { credit: 5, spend: 6, refund: 7, order: 8, transfer: 9, deliver: 10, settle: 11 };
const RECORD = { kind: 132 };

let directory: string;

/** The directory as it was filled; each test changes a copy. */
const intact = sharedDirectory();

beforeAll(async () => {
  const wallet = await openWallet({ dataDir: intact, partitions: 1 });
  await fill(wallet);
  await wallet.close();
});

beforeEach(() => {
  directory = newDirectory();
  cpSync(intact, directory, { recursive: true });
});

async function fill(wallet: Wallet): Promise<void> {
  const key = (idempotencyKey: string) => ({ idempotencyKey });
  await wallet.items.put('potion', { name: 'Potion', kind: 'consumable', price: 30 });
  await wallet.createUsers(['ann']);
  await wallet.createUsers(['ben']);
  await wallet.credits.add('ann', { amount: 100, reason: 'BONUS' }, key('credit'));
  const spent = await wallet.spends.create('ann', { amount: 40 }, key('spend'));
  const id = spent.ok ? spent.value.transaction_id : '';
  await wallet.spends.refund('ann', id, { amount: 15 }, key('refund'));
  const lines = [{ sku: 'potion', quantity: 2 }];
  await wallet.orders.create('ann', { lines, complete: true }, key('order'));
  await wallet.transfers.create('ann', { to: 'ben', amount: 25 }, key('transfer'));
  while ((await wallet.books()).accounts['transit'] !== 0n);
  // The sender's acknowledgement comes last.
  while ((await wallet.players.get('ann'))?.version !== 7);
}

/** Moves more from the first account to the second, and says so in the balance. */
function moves(more: number, player: 'first' | 'second'): Change {
  return each(
    add(AMOUNT.first, -more),
    add(AMOUNT.second, more),
    add(ENTRY.balance, player === 'first' ? -more : more),
  );
}

/** Another text in place of one that is in the frame, as long as it. */
function rewrite(text: string, other: string): Change {
  return (frame) => {
    const at = frame.lastIndexOf(text);
    expect(at).toBeGreaterThan(0);
    frame.write(other, at, 'latin1');
  };
}

/** Another id in the place of the first one. */
const otherMessage: Change = (frame) => {
  const at = frame.toString('latin1').search(/[0-9a-f]{32}/);
  expect(at).toBeGreaterThan(0);
  frame.writeUInt8(frame[at] === 0x30 ? 0x31 : 0x30, at);
};

test('the journal is as these tests expect it, and sound', () => {
  const { code, out } = run('verify', '--data', directory);
  expect(code).toBe(0);
  expect(out).toMatch(/frames\s+11\n/);
  expect(journalOf(directory)).toContain('partition-0');
});

test.each<[string, number, Change, RegExp]>([
  [
    'a credit of more than was asked',
    FRAME.credit,
    moves(1, 'second'),
    /the postings of this credit/,
  ],
  ['a credit out of the house', FRAME.credit, put(ENTRY.account, 3), /the postings of this credit/],
  ['a spend of less than was asked', FRAME.spend, moves(-1, 'first'), /the postings of this spend/],
  [
    'a refund of more than was asked',
    FRAME.refund,
    moves(1, 'second'),
    /the postings of this refund/,
  ],
  ['a refund of nothing that is known', FRAME.refund, rewrite('tx_', 'ty_'), /grant this refund/],
  [
    'an order for less than its price',
    FRAME.order,
    moves(-10, 'first'),
    /the postings of this order/,
  ],
  ['an order of another item', FRAME.order, rewrite('potion', 'elixir'), /what this order changed/],
  [
    'money sent that was not taken',
    FRAME.transfer,
    moves(-5, 'first'),
    /the postings of this transfer/,
  ],
  [
    'money sent to somebody else',
    FRAME.transfer,
    rewrite('ben', 'bob'),
    /what this transfer changed/,
  ],
  [
    'more delivered than was sent',
    FRAME.deliver,
    moves(5, 'second'),
    /the postings of this deliver/,
  ],
  ['a credit that calls itself a delivery', FRAME.credit, put(RECORD.kind, 12), /this deliver/],
  ['a settlement of what was never sent', FRAME.settle, otherMessage, /grant this settle/],
])('%s is found, with its place', async (_what, number, change, fault) => {
  forge(directory, number, change, true);
  expect(await faultFound(directory)).toMatch(
    new RegExp(`partition 0, frame ${number}, entry 0: .*${fault.source}`),
  );
});
