import fc from 'fast-check';
import { openWallet, type Wallet } from 'purser';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Actor } from '../dist/partitions/actor.js';
import { dailyOf } from '../dist/partitions/day.js';
import { newDirectory } from './support/directory.js';
import { faultOf } from './support/fault-of.js';
import { withFaults } from './support/mutant-wallet.js';
import { openPartition } from './support/partition.js';
import { run } from './support/server.js';
import { bet, rollback, win } from './support/wallet-cases.js';

const DAY_MS = 86_400_000;
const NOON = Date.UTC(2032, 0, 1, 12);
const TOO_MUCH = 'RS_ERROR_LIMIT_REACHED';
let dataDir: string;

const open = () => openWallet({ dataDir, partitions: 1, durability: 'process' });
const statusOf = async (answer: Promise<{ status: string }>) => (await answer).status;

beforeEach(() => {
  dataDir = newDirectory();
  vi.useFakeTimers({ toFake: ['Date'], now: NOON });
});

afterEach(() => {
  vi.useRealTimers();
});

/** What the day comes to, told from the list of what was granted. */
class Ledger {
  readonly #granted: { day: number; kind: 'bet' | 'win'; amount: number; undone: boolean }[] = [];

  grant(kind: 'bet' | 'win', amount: number, day: number): number {
    return this.#granted.push({ day, kind, amount, undone: false }) - 1;
  }

  undo(index: number): void {
    const granted = this.#granted[index];
    if (granted) granted.undone = true;
  }

  /** What was undone counts on no day: a rollback counts for the day of what it undoes. */
  sum(kind: 'bet' | 'win', day: number): number {
    const counted = this.#granted.filter((one) => {
      return one.day === day && one.kind === kind && !one.undone;
    });
    return counted.reduce((sum, { amount }) => sum + amount, 0);
  }
}

const steps = fc.array(
  fc.oneof(
    { weight: 8, arbitrary: fc.record({ do: fc.constant('bet' as const), amount: fc.nat(60) }) },
    { weight: 3, arbitrary: fc.record({ do: fc.constant('win' as const), amount: fc.nat(60) }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('undo' as const), amount: fc.nat(9) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('stake' as const), amount: fc.nat(300) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('loss' as const), amount: fc.nat(200) }) },
    {
      weight: 1,
      arbitrary: fc.record({ do: fc.constantFrom('clear', 'credit', 'reopen', 'day') }),
    },
  ),
  { minLength: 20, maxLength: 60, size: 'max' },
);

/** Reads a day as slowly as it can: a few entries in each turn. */
const slowly = (entries: number) =>
  withFaults(
    { file: 'limits.js', find: 'turn_days_ms: 50', replace: 'turn_days_ms: 0' },
    {
      file: 'partitions/day.js',
      find: 'ENTRIES_A_STEP = 100',
      replace: `ENTRIES_A_STEP = ${entries}`,
    },
  );

test('any sequence of bets, limits, days and restarts is decided by what its day comes to', async () => {
  const openSlow = await slowly(3);
  const open = () => openSlow({ dataDir, partitions: 1, durability: 'process' });
  await fc.assert(
    fc.asyncProperty(steps, async (sequence) => {
      dataDir = newDirectory();
      vi.setSystemTime(NOON);
      let wallet = await open();
      await wallet.createUsers(['q']);
      const ledger = new Ledger();
      const bets: { id: string; index: number }[] = [];
      let limits: { daily_stake?: number; daily_loss?: number } = {};
      const today = () => Math.floor(Date.now() / DAY_MS);
      for (const [number, step] of sequence.entries()) {
        const amount = 'amount' in step ? 1 + step.amount : 0;
        switch (step.do) {
          case 'bet': {
            const body = bet('q', amount);
            const staked = ledger.sum('bet', today()) + amount;
            const lost = staked - ledger.sum('win', today());
            const { daily_stake = Infinity, daily_loss = Infinity } = limits;
            const allowed = staked <= daily_stake && lost <= daily_loss;
            const status = await untilItsDayIsRead(() => wallet.bet(body));
            expect([number, status]).toEqual([number, allowed ? 'RS_OK' : TOO_MUCH]);
            if (!allowed) break;
            bets.push({ id: body.transaction_uuid, index: ledger.grant('bet', amount, today()) });
            break;
          }
          case 'win': {
            const last = bets.pop();
            if (last === undefined) break;
            expect(await statusOf(wallet.win(win('q', amount, last.id)))).toBe('RS_OK');
            ledger.grant('win', amount, today());
            break;
          }
          case 'undo': {
            const [one] = bets.splice(amount % (bets.length || 1), 1);
            if (one === undefined) break;
            expect(await statusOf(wallet.rollback(rollback('q', one.id)))).toBe('RS_OK');
            ledger.undo(one.index);
            break;
          }
          case 'stake':
          case 'loss':
          case 'clear':
            limits = step.do === 'clear' ? {} : { [`daily_${step.do}`]: amount };
            await wallet.players.setLimits('q', limits);
            break;
          case 'credit':
            await wallet.credits.add('q', { amount: 5, reason: 'BONUS' }, key());
            break;
          case 'reopen':
            await wallet.close();
            wallet = await open();
            break;
          case 'day':
            vi.setSystemTime(Date.now() + DAY_MS);
        }
      }
      await wallet.close();
      expect(await faultOf(dataDir)).toBeUndefined();
    }),
    { numRuns: 6, endOnFailure: true },
  );
}, 60_000);

async function untilItsDayIsRead(bet: () => Promise<{ status: string }>): Promise<string> {
  for (;;) {
    try {
      return await statusOf(bet());
    } catch (error) {
      expect(error).toMatchObject({ code: 'overloaded' });
    }
  }
}

let keys = 0;
const key = () => ({ idempotencyKey: `daily-${++keys}` });

async function play(wallet: Wallet, count: number): Promise<void> {
  for (let i = 0; i < count; i++) await wallet.bet(bet('q', 1));
}

test('after a restart a day is read from the last entry, however many there are', async () => {
  const wallet = await open();
  await wallet.createUsers(['q']);
  await play(wallet, 10);
  await wallet.players.setLimits('q', { daily_stake: 100 });
  await play(wallet, 30);
  await wallet.credits.add('q', { amount: 5, reason: 'BONUS' }, key());
  await wallet.close();
  const { state, close } = openPartition(dataDir);
  const opened = vi.spyOn(state.frames, 'open');
  const limited = { limits: { daily_stake: 100 }, frame: state.frame, at: 80 } as unknown as Actor;
  const day = Math.floor(NOON / DAY_MS);
  expect(dailyOf(state.frames, limited, day)).toEqual({ day, staked: 40, won: 0 });
  // The credit, and the last bet.
  expect(opened).toHaveBeenCalledTimes(2);
  await close();
});

test('a day that takes long to read is read over several turns, and others go on', async () => {
  const openSlow = await slowly(10);
  const wallet = await open();
  await wallet.createUsers(['q', 'r', 'free']);
  await play(wallet, 25);
  const stake = bet('q', 1);
  await wallet.bet(stake);
  await wallet.bet(bet('r', 1));
  const limits = { daily_stake: 175 };
  for (const name of ['q', 'r']) await wallet.players.setLimits(name, limits);
  await wallet.close();
  const slow = await openSlow({ dataDir });
  const overloaded = { code: 'overloaded' };
  // What is granted meanwhile counts, and is never refused for it.
  await expect(slow.bet(bet('q', 1))).rejects.toMatchObject(overloaded);
  expect(await statusOf(slow.rollback(rollback('q', stake.transaction_uuid)))).toBe('RS_OK');
  const [first, other] = await Promise.allSettled([slow.bet(bet('q', 151)), slow.bet(bet('r', 1))]);
  expect(first).toMatchObject({ value: { status: TOO_MUCH } });
  expect(other).toMatchObject({ reason: overloaded });
  expect(await statusOf(slow.bet(bet('free', 1)))).toBe('RS_OK');
  expect(await statusOf(slow.bet(bet('r', 1)))).toBe('RS_OK');
  expect(await statusOf(slow.bet(bet('q', 150)))).toBe('RS_OK');
  await slow.close();
  const again = await open();
  expect(await statusOf(again.bet(bet('q', 1)))).toBe(TOO_MUCH);
  await again.close();
  expect(await faultOf(dataDir)).toBeUndefined();
});

test.each(['exwallet', 'hub88'] as const)('a retry finds its entry in %s', async (dialect) => {
  const wallet = await openWallet({ dataDir, dialect });
  await wallet.createUsers(['q']);
  await wallet.players.setLimits('q', { daily_stake: 100 });
  const body = bet('q', 1);
  const answer = await wallet.bet(body);
  expect(await wallet.bet(body)).toEqual(answer);
  await wallet.close();
  const exported = run('export', '--data', dataDir, '--format', 'ndjson').out;
  expect(exported).toContain(body.transaction_uuid);
  expect(exported).not.toContain('"day"');
});
