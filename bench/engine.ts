import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { open } from 'lmdb';
import { EngineError, type Operation, openWallet, type Wallet } from 'purser';
import { conditions, ratio, spread, table, thousands } from './support/report.js';
import { Bets, type IdShape, idShapes, userNames } from './support/requests.js';

/**
 * Durable bets in process: 100,000 users, fresh ids, one promise each at several numbers in flight,
 * then batches of 1,000. One in flight is compared with a bare LMDB commit of one small value in
 * the same run. Requests are made, and what that left in memory is collected, before the clock starts.
 */
const ROUNDS = Number(process.env['ROUNDS'] ?? 5);
const COMMANDS = 200_000;
/** One after the other: the first hundreds after full load run through code that is not yet compiled. */
const ALONE = 2_000;
const RETRY_MS = 5;
const users = userNames(100_000);
const bets = new Bets(users);

function startClock(): number {
  globalThis.gc?.();
  return performance.now();
}

async function inFlight(
  wallet: Wallet,
  width: number,
  count: number,
  source: Bets = bets,
): Promise<number> {
  const bodies = source.take(count);
  let next = 0;
  const one = async (): Promise<void> => {
    while (next < count) {
      const body = bodies[next++];
      if (body === undefined) break;
      const { status } = await wallet.bet(body);
      if (status !== 'RS_OK') throw new Error(status);
    }
  };
  const start = startClock();
  await Promise.all(Array.from({ length: width }, one));
  return count / ((performance.now() - start) / 1000);
}

async function inBatches(wallet: Wallet, size: number, width: number): Promise<number> {
  const lists = Array.from({ length: COMMANDS / size }, () => bets.take(size));
  const one = async (): Promise<void> => {
    for (let list = lists.pop(); list !== undefined; list = lists.pop()) {
      const answers = await granted(wallet, list);
      if (answers.some(({ status }) => status !== 'RS_OK')) throw new Error('a bet was refused');
    }
  };
  const start = startClock();
  await Promise.all(Array.from({ length: width }, one));
  return COMMANDS / ((performance.now() - start) / 1000);
}

/** Sent again when it is refused for want of time: so many lists at once meet a slow commit. */
async function granted(wallet: Wallet, list: readonly Operation[]): ReturnType<Wallet['batch']> {
  for (;;) {
    try {
      return await wallet.batch(list);
    } catch (error) {
      if (!(error instanceof EngineError && error.code === 'overloaded')) throw error;
      await wait(RETRY_MS);
    }
  }
}

/** Commits of one small value, one after the other, as the journal's environment is set up. */
async function bareCommits(directory: string, count: number): Promise<number> {
  const db = open<Buffer, Buffer>({
    path: join(directory, 'bare'),
    keyEncoding: 'binary',
    encoding: 'binary',
    overlappingSync: false,
  });
  const start = performance.now();
  for (let n = 0; n < count; n++) {
    const key = Buffer.alloc(8);
    key.writeUInt32BE(n + 1, 4);
    await db.put(key, Buffer.alloc(100, n));
  }
  const seconds = (performance.now() - start) / 1000;
  await db.close();
  rmSync(join(directory, 'bare'), { recursive: true });
  return count / seconds;
}

async function measure(run: () => Promise<number>): Promise<number[]> {
  const figures: number[] = [];
  for (let round = 0; round < ROUNDS; round++) figures.push(await run());
  return figures;
}

const directory = mkdtempSync(join(tmpdir(), 'purser-bench-'));
const wallet = await openWallet({ dataDir: join(directory, 'data'), initialBalance: 1_000_000 });
try {
  await wallet.createUsers(users);
  await inFlight(wallet, 4000, 100_000);
  const rows: string[][] = [];
  const single: number[] = [];
  const bare: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    bare.push(await bareCommits(directory, ALONE));
    single.push(await inFlight(wallet, 1, ALONE));
  }
  rows.push(['bare LMDB commit, one at a time', spread(bare)]);
  rows.push(['1 in flight', spread(single)]);
  for (const width of [64, 1000, 4000]) {
    const figures = await measure(() => inFlight(wallet, width, width === 64 ? 50_000 : COMMANDS));
    rows.push([`${thousands(width)} in flight`, spread(figures)]);
  }
  for (const width of [1, 4, 16]) {
    const figures = await measure(() => inBatches(wallet, 1000, width));
    rows.push([`batches of 1,000, ${width} at a time`, spread(figures)]);
  }
  console.log(`durable bets a second, ${conditions()}; ${ROUNDS} rounds\n`);
  console.log(table(['', 'lowest / median / highest'], rows));
  console.log('\n4,000 in flight, by the shape of the ids\n');
  const shapes = Object.keys(idShapes) as IdShape[];
  const byShape = new Map<IdShape, number[]>(shapes.map((shape) => [shape, []]));
  for (let round = 0; round < ROUNDS; round++) {
    for (const shape of shapes) {
      const own = new Bets(users, shape, 1 + round * shapes.length + shapes.indexOf(shape), round);
      byShape.get(shape)?.push(await inFlight(wallet, 4000, COMMANDS, own));
    }
  }
  console.log(
    table(
      ['ids', 'lowest / median / highest'],
      shapes.map((shape) => [shape, spread(byShape.get(shape) ?? [])]),
    ),
  );
  console.log(`\none durable bet takes ${ratio(bare, single)} times a bare commit`);
  const { total } = await wallet.books();
  if (total !== 0n) throw new Error(`the books do not balance: ${total}`);
} finally {
  await wallet.close();
  rmSync(directory, { recursive: true, force: true });
}
