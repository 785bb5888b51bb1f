import { randomUUID } from 'node:crypto';
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openWallet } from 'purser';
import { beforeAll, beforeEach, expect, test } from 'vitest';
import { verifyDirectory } from '../dist/engine/directory.js';
import { readStore, writeStore } from './fuzz/store.js';
import { newDirectory, sharedDirectory } from './support/directory.js';
import {
  add,
  borrow,
  type Change,
  each,
  faultFound,
  forge,
  HEADER,
  journalOf,
  placesOf,
  put,
} from './support/forgery.js';
import { run } from './support/server.js';

/**
 * Journals changed by somebody who knows their bytes (docs/journal-format.md) and makes the
 * checksums fit again, and in most tests the hashes too: then the entries themselves must tell.
 */
/** Of the first entry of a frame; the record's places are those behind two postings, or none. */
const ENTRY = { version: 84, balance: 88, previous: 96, mark: 105, standing: 106, account: 107 };
const AMOUNT = { player: 112, house: 120 };
const RECORD = {
  kind: 132,
  amount: 136,
  transaction: 144,
  currency: 176,
  reference: 192,
  user: 192,
};
/** The frames of `fill` behind the genesis. */
const FRAME = {
  open: 2,
  bob: 3,
  bobs: 4,
  bet: 5,
  win: 6,
  twin: 7,
  undo: 8,
  free: 9,
  limits: 11,
  again: 12,
  late: 14,
  more: 13,
  active: 16,
  daily: 19,
};
/** The list of what was staked and won: behind alice, her round, and its own tag and length. */
const DAY = RECORD.user + 5 + 7 + 2;

let directory: string;

/** The directory as it was filled; each test changes a copy. */
const filled = sharedDirectory();

beforeAll(() => fill(filled));

beforeEach(() => {
  directory = newDirectory();
  cpSync(filled, directory, { recursive: true });
});

/** A bet of more, or less, than it was, with everything in its entry that says so. */
function bets(more: number): Change {
  return each(
    ...[add(AMOUNT.player, -more), add(AMOUNT.house, more)],
    ...[add(ENTRY.balance, -more), add(RECORD.amount, more)],
  );
}

/** What is issued, of more or less than it was. */
function moves(more: number): Change {
  return each(add(AMOUNT.player, -more), add(AMOUNT.house, more), add(RECORD.amount, more));
}

/** One frame after another, each with one entry. */
async function fill(dataDir: string): Promise<void> {
  const wallet = await openWallet({ dataDir, partitions: 1 });
  const body = (user: string, amount: number) => {
    const ids = { transaction_uuid: randomUUID(), request_uuid: randomUUID() };
    return { user, amount, currency: 'USD', round: 'round', ...ids };
  };
  const [stake, twin] = [body('alice', 10), body('alice', 10)];
  await wallet.createUsers(['alice']);
  await wallet.createUsers(['bob']);
  await wallet.bet(body('bob', 20));
  await wallet.bet(stake);
  await wallet.win({ ...body('alice', 30), reference_transaction_uuid: stake.transaction_uuid });
  await wallet.bet(twin);
  await wallet.rollback({ ...body('alice', 0), reference_transaction_uuid: twin.transaction_uuid });
  await wallet.bet({ ...body('alice', 7), is_free: true });
  await wallet.players.setStatus('bob', 'DISABLED');
  await wallet.players.setLimits('alice', { max_bet: 99 });
  await wallet.rollback({
    ...body('alice', 0),
    reference_transaction_uuid: stake.transaction_uuid,
  });
  const other = body('alice', 10);
  await wallet.bet(other);
  await wallet.win({ ...body('alice', 30), reference_transaction_uuid: other.transaction_uuid });
  await wallet.bet(body('alice', 1));
  await wallet.players.setStatus('bob', 'ACTIVE');
  await wallet.bet(body('bob', 1));
  await wallet.players.setLimits('alice', { daily_stake: 99 });
  await wallet.bet(body('alice', 1));
  await wallet.close();
}

function forget(dataDir: string): void {
  rmSync(join(dataDir, 'partition-0', 'checkpoint'), { recursive: true });
}

test('the frames are where these tests expect them, and the journal is sound', () => {
  expect([...placesOf(readFileSync(journalOf(directory))).keys()].length).toBe(FRAME.daily);
  const { code, out } = run('verify', '--data', directory);
  expect(code).toBe(0);
  expect(out).toMatch(/frames\s+19\n/);
});

test('the command tells the fault in one line', async () => {
  forge(directory, FRAME.bet, add(AMOUNT.house, 1), true);
  const fault = await faultFound(directory);
  expect(run('verify', '--data', directory)).toMatchObject({
    code: 1,
    err: `purser: fault: ${fault}\n`,
  });
});

test.each<[string, number, Change, RegExp]>([
  ['postings that do not cancel', FRAME.bet, add(AMOUNT.house, 1), /sum to zero/],
  ['an account nobody knows', FRAME.bet, put(ENTRY.account, 9), /unknown account/],
  [
    'a bet that moves more than its amount',
    FRAME.bet,
    each(add(AMOUNT.player, -1), add(AMOUNT.house, 1), add(ENTRY.balance, -1)),
    /a bet of 10 moved -11/,
  ],
  ['a free bet that is not free', FRAME.free, put(133 - 16, 0), /a bet of 7 moved/],
  [
    'a win that moves more than its amount',
    FRAME.win,
    each(add(AMOUNT.player, 1), add(AMOUNT.house, -1), add(ENTRY.balance, 1)),
    /a win of 30 moved 31/,
  ],
  [
    'a rollback that gives more than was taken',
    FRAME.undo,
    each(add(AMOUNT.player, 1), add(AMOUNT.house, -1), add(ENTRY.balance, 1)),
    /a rollback of 0 moved 11, not 10/,
  ],
  ['a bet that lacked a field', FRAME.bet, put(RECORD.kind + 2, 1), /is well-formed: 1, not 0/],
  ['a bet of less than nothing', FRAME.bet, bets(-15), /refuse this bet: RS_ERROR_WRONG_TYPES/],
  ['a bet beyond the balance', FRAME.bet, bets(1e6), /refuse this bet: RS_ERROR_NOT_ENOUGH_MONEY/],
  ['a bet above a limit', FRAME.more, bets(90), /refuse this bet: RS_ERROR_LIMIT_REACHED/],
  ['a day with less at stake', FRAME.daily, put(DAY + 1, 1), /staked and won on its day/],
  ['a day that is no list', FRAME.daily, put(DAY, 0xc0), /whose day is no two amounts/],
  ['a treasury with more than it had', 1, moves(1e9), /it moves 2000000000 from issuance/],
  ['a second genesis', FRAME.open, put(RECORD.kind, 1), /no other one, is the genesis/],
  [
    'an account opened with less than nothing',
    FRAME.open,
    each(moves(-2e5), add(ENTRY.balance, -2e5)),
    /opened with an amount/,
  ],
  ['a read', FRAME.bet, put(RECORD.kind, 32), /a read is never an entry/],
  ['a mark that no bet makes', FRAME.bet, put(ENTRY.mark, 1), /mark of this bet: settle, not none/],
  [
    'a bet against the treasury',
    FRAME.bet,
    put(ENTRY.account + 1, 2),
    /from house to player alone/,
  ],
  [
    'an account opened with more than it says',
    FRAME.open,
    add(RECORD.kind + 4, -1),
    /it moves 99999/,
  ],
  [
    'a second rollback of the same bet',
    FRAME.again,
    borrow(RECORD.reference, FRAME.undo, RECORD.reference),
    /mark of this rollback: roll back, not none/,
  ],
  [
    'a win of a bet that was rolled back',
    FRAME.late,
    borrow(RECORD.reference, FRAME.undo, RECORD.reference),
    /was rolled back/,
  ],
  ['a balance that is not the sum', FRAME.bet, add(ENTRY.balance, 1), /sum of the postings/],
  ['a gap in the versions', FRAME.bet, put(ENTRY.version, 9), /versions have no gaps/],
  ['a wrong pointer back', FRAME.win, put(ENTRY.previous, 2), /entry before/],
  ['a standing nobody set', FRAME.bet, put(ENTRY.standing, 1), /standing/],
  ['a mark nobody knows', FRAME.bet, put(ENTRY.mark, 7), /unknown mark/],
  ['a kind nobody knows', FRAME.bet, put(RECORD.kind, 99), /unknown kind 99/],
  ['an account opened twice', FRAME.bet, put(RECORD.kind, 2), /opened once/],
  ['an account that is never opened', FRAME.open, put(RECORD.kind, 3), /opens it/],
  ['another currency', FRAME.bet, put(RECORD.currency, 69), /keeps its currency/],
  [
    'an id that stands already',
    FRAME.win,
    borrow(RECORD.transaction, FRAME.bet, RECORD.transaction),
    /stands for another entry already/,
  ],
  [
    'a win of nothing',
    FRAME.win,
    borrow(RECORD.reference, FRAME.win, 160),
    /its user does not have/,
  ],
  [
    "a win of another's bet",
    FRAME.win,
    borrow(RECORD.reference, FRAME.bobs, RECORD.transaction),
    /its user does not have/,
  ],
  [
    'a rollback of another transaction',
    FRAME.undo,
    borrow(RECORD.reference, FRAME.win, RECORD.transaction),
    /a rollback of 0 moved 10, not -30/,
  ],
])('%s is found, with its place', async (_what, number, change, fault) => {
  forge(directory, number, change, true);
  expect(await faultFound(directory)).toMatch(
    new RegExp(`partition 0, frame ${number}, entry 0: .*${fault.source}`),
  );
});

test('a bet of somebody who is disabled is found', async () => {
  forge(directory, FRAME.active, each(add(RECORD.amount - 16, 1), put(ENTRY.standing, 1)), true);
  expect(await faultFound(directory)).toMatch(
    /partition 0, frame 17, entry 0: the rules refuse this bet: RS_ERROR_USER_DISABLED/,
  );
});

test('a user with accounts in two partitions is found', async () => {
  const dataDir = newDirectory();
  const wallet = await openWallet({ dataDir, partitions: 2 });
  await wallet.createUsers(['a', 'b', 'c', 'd']);
  await wallet.close();
  const nameIn = async (partition: number): Promise<number> => {
    const [, opened] = await readStore(dataDir, partition, 'journal');
    return opened?.bytes[RECORD.user] ?? Number.NaN;
  };
  const other = await nameIn(1);
  forge(dataDir, FRAME.open, put(RECORD.user, other), true);
  rmSync(join(dataDir, 'partition-0', 'checkpoint'), { recursive: true });
  expect(await faultFound(dataDir)).toMatch(
    /partition 0, frame 2, entry 0: the partition that its user belongs to: 1, not 0/,
  );
});

test.each<[string, number, Change, RegExp]>([
  ['another number', FRAME.bet, add(HEADER.number, 100), /says that it is frame 105/],
  ['another partition', FRAME.bet, put(HEADER.partition, 1), /is of partition 1/],
  ['a gap in the sequence', FRAME.bet, add(HEADER.sequence, 1), /gap in its sequence/],
  ['an older time', FRAME.bet, add(HEADER.time, -1e6), /older than the one before/],
  ['other settings', FRAME.limits, (frame) => frame.fill(0xc1, 176 + 7, 176 + 8), /cannot be read/],
])('a frame with %s is found', async (_what, number, change, fault) => {
  forge(directory, number, change, true);
  expect(await faultFound(directory)).toMatch(
    new RegExp(`partition 0, frame ${number}(, entry 0)?: .*${fault.source}`),
  );
});

test('opening tells the place of what cannot be read', async () => {
  const intact = readFileSync(journalOf(directory));
  const file = Buffer.from(intact);
  for (const at of placesOf(file).get(1) ?? []) file.writeUInt8(0xff, at + HEADER.time);
  writeFileSync(journalOf(directory), file);
  await expect(openWallet({ dataDir: directory })).rejects.toThrow(
    /partition 0, frame 1: does not fit its checksum$/,
  );
  writeFileSync(journalOf(directory), intact);
  forge(directory, FRAME.limits, (frame) => frame.fill(0xc1, 176 + 7, 176 + 8), true);
  forget(directory);
  await expect(openWallet({ dataDir: directory })).rejects.toThrow(
    /partition 0, frame 11: cannot be read: /,
  );
});

test('opening is given up over a damaged frame that it must read, with its place', async () => {
  const dataDir = newDirectory();
  const wallet = await openWallet({ dataDir, partitions: 1 });
  await wallet.items.put('sword', { name: 'Sword', kind: 'durable', price: 3 });
  await wallet.createUsers(['alice']);
  await wallet.close();
  // The catalogue's frame is before the checkpoint: no replay comes to it.
  const [, second] = await readStore(dataDir, 0, 'journal');
  if (second === undefined) throw new Error('there is no second frame');
  second.bytes.writeUInt8(0xff, HEADER.time);
  await writeStore(dataDir, 0, 'journal', [second]);
  await expect(openWallet({ dataDir })).rejects.toThrow(
    /cannot be served: partition 0: frame 2 does not fit its checksum$/,
  );
});

/** The last bytes of a bet are its round: the sums stay right, and the checksum is made to fit. */
const otherRound: Change = (frame) => {
  const at = frame.lastIndexOf('round');
  frame.write('squar', at);
};

test('the hash chain tells of a changed entry whose checksum fits', async () => {
  forge(directory, FRAME.bet, otherRound, false);
  forget(directory);
  const place = /partition 0, frame 6: does not follow the one before it/;
  expect(await faultFound(directory)).toMatch(place);
  await expect(openWallet({ dataDir: directory })).rejects.toThrow(place);
});

test('the checkpoint tells of a last entry whose checksum fits, and of a whole new chain', async () => {
  const intact = readFileSync(journalOf(directory));
  for (const [number, chained] of [
    [FRAME.daily, false],
    [FRAME.bet, true],
  ] as const) {
    writeFileSync(journalOf(directory), intact);
    forge(directory, number, otherRound, chained);
    expect(await faultFound(directory)).toMatch(
      /partition 0, frame 19: is not what the checkpoint was taken after/,
    );
    await expect(openWallet({ dataDir: directory })).rejects.toThrow(
      /partition 0, frame 19: is not/,
    );
  }
});

test('a journal of another engine is refused', async () => {
  const other = newDirectory();
  await fill(other);
  rmSync(join(directory, 'partition-0'), { recursive: true });
  cpSync(join(other, 'partition-0'), join(directory, 'partition-0'), { recursive: true });
  expect(await faultFound(directory)).toMatch(/partition 0, frame 1: does not follow/);
  await expect(openWallet({ dataDir: directory })).rejects.toThrow(/another data directory/);
  forget(directory);
  await expect(openWallet({ dataDir: directory })).rejects.toThrow(
    /partition 0, frame 1: does not follow/,
  );
});

test.each(['journal', 'checkpoint'])(
  'pages of a %s that mean nothing end no verify',
  async (part) => {
    const path = join(directory, 'partition-0', part, 'data.mdb');
    const intact = readFileSync(path);
    // Behind the two meta pages; the pages that no longer count may be anything.
    for (let page = 2; page < Math.min(intact.length / 4096, 10); page++) {
      const file = Buffer.from(intact);
      for (let at = page * 4096; at < page * 4096 + 24; at++) file[at] = (at * 37) & 0xff;
      writeFileSync(path, file);
      const { ok, fault } = await verifyDirectory(directory);
      if (!ok) expect(fault, `page ${page}`).toMatch(/^partition 0/);
    }
  },
);
