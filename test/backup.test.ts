import { execFile, spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { promisify } from 'node:util';
import { type BetBody, openWallet } from 'purser';
import { beforeAll, expect, test } from 'vitest';
import { openCheckpoints } from '../dist/partitions/checkpoint-store.js';
import { newDirectory, sharedDirectory } from './support/directory.js';
import { faultOf } from './support/fault-of.js';
import { main, run, type Server, serve } from './support/server.js';
import { bet } from './support/wallet-cases.js';

const users = ['alice', 'bob', 'carol', 'dave'];

function backup(from: string, to: string): ReturnType<typeof run> {
  return run('backup', '--data', from, '--to', to);
}

const filled = sharedDirectory();

beforeAll(async () => {
  const wallet = await openWallet({ dataDir: filled, partitions: 2 });
  await wallet.createUsers(users);
  for (const user of users) await wallet.bet(bet(user, 10));
  await wallet.close();
});

/** A small directory of two partitions that nobody serves. */
function small(): string {
  const dataDir = newDirectory();
  cpSync(filled, dataDir, { recursive: true });
  return dataDir;
}

/** Bets without a pause until it is told to stop; gives the bodies and answers, in order. */
function betting(server: Server): () => Promise<{ body: BetBody; answer: object }[]> {
  const done: { body: BetBody; answer: object }[] = [];
  let going = true;
  const all = users.map(async (user) => {
    while (going) {
      const body = bet(user, 1);
      done.push({ body, answer: await server.ask('/transaction/bet', body) });
    }
  });
  return async () => {
    going = false;
    await Promise.all(all);
    return done;
  };
}

test('a copy made under load verifies, opens, and has all that was answered before it began', async () => {
  const [from, to] = [newDirectory(), newDirectory()];
  const server = await serve(['--data', from, '--partitions', '2']);
  await server.ask('/users', { users });
  const stopFirst = betting(server);
  await wait(100);
  const before = await stopFirst();
  const stop = betting(server);
  await promisify(execFile)(process.execPath, [main, 'backup', '--data', from, '--to', to]);
  await promisify(execFile)(process.execPath, [main, 'verify', '--data', from]);
  const meanwhile = await stop();
  expect(await server.stop()).toBe(0);
  expect(await faultOf(to)).toBeUndefined();
  const copy = await openWallet({ dataDir: to });
  for (const { body, answer } of before) expect(await copy.bet(body)).toEqual(answer);
  expect(meanwhile.length).toBeGreaterThan(0);
  expect((await copy.books()).total).toBe(0n);
  await copy.close();
});

test("a copy names the same engine, is its owner's alone, and leaves the checkpoints behind", async () => {
  const [from, to] = [small(), newDirectory()];
  mkdirSync(to, { mode: 0o755 });
  expect(backup(from, to)).toMatchObject({ code: 0, err: '' });
  const manifest = readFileSync(join(from, 'manifest.json'), 'utf8');
  expect(readFileSync(join(to, 'manifest.json'), 'utf8')).toBe(manifest);
  expect(statSync(to).mode & 0o777).toBe(0o700);
  for (const partition of ['partition-0', 'partition-1']) {
    expect(statSync(join(to, partition)).mode & 0o777).toBe(0o700);
    expect(readdirSync(join(to, partition))).toEqual(['journal']);
  }
});

test('a copy can be copied, and exports the same', async () => {
  const [from, one, two] = [small(), newDirectory(), newDirectory()];
  expect(backup(from, one)).toMatchObject({ code: 0 });
  expect(backup(one, two)).toMatchObject({ code: 0 });
  expect(run('export', '--data', two).out).toBe(run('export', '--data', from).out);
});

test('what is copied later is not in the copy', async () => {
  const [from, to] = [small(), newDirectory()];
  expect(backup(from, to)).toMatchObject({ code: 0 });
  const wallet = await openWallet({ dataDir: from });
  await wallet.bet(bet('alice', 5));
  await wallet.close();
  const copy = await openWallet({ dataDir: to });
  expect(await copy.players.get('alice')).toMatchObject({ balance: 99_990, version: 2 });
  await copy.close();
});

test.each<[string, (to: string) => void]>([
  ['holds something', (to) => mkdirSync(join(to, 'photos'), { recursive: true })],
  ['is a file', (to) => writeFileSync(to, '')],
])('a target that %s is refused and left as it is', async (_what, make) => {
  const [from, to] = [small(), newDirectory()];
  make(to);
  expect(backup(from, to)).toMatchObject({ code: 2, err: `purser: ${to} is no empty directory\n` });
  expect(existsSync(join(to, 'manifest.json'))).toBe(false);
});

test('a target inside of the source is refused, and nothing is made', async () => {
  const from = small();
  const link = `${from}-link`;
  symlinkSync(from, link);
  for (const to of [join(from, 'copy'), join(from, 'a', 'b'), join(link, 'partition-0', 'copy')]) {
    expect(backup(from, to)).toMatchObject({
      code: 2,
      err: `purser: ${to} is inside of ${from}\n`,
    });
  }
  expect(readdirSync(from).sort()).toEqual(['manifest.json', 'partition-0', 'partition-1']);
  expect(readdirSync(join(from, 'partition-0'))).not.toContain('copy');
  expect(backup(from, `${from}-copy`)).toMatchObject({ code: 0 });
});

test('a target that cannot be made is refused in one line', async () => {
  const { code, err } = backup(small(), '/proc/purser/q/b');
  expect(code).toBe(2);
  expect(err).toMatch(/^purser: \/proc\/purser\/q\/b cannot be written: .+\n$/);
});

test('a source that is no data directory is refused, and nothing is made', () => {
  const [from, to] = [newDirectory(), newDirectory()];
  expect(backup(from, to)).toMatchObject({
    code: 2,
    err: `purser: ${from} is no data directory of purser\n`,
  });
  expect(existsSync(to)).toBe(false);
});

test('a damaged source is refused with the place, and what was copied is no data directory', async () => {
  const [from, to] = [small(), newDirectory()];
  const journal = join(from, 'partition-1', 'journal', 'data.mdb');
  const file = readFileSync(journal);
  for (let at = file.indexOf('PRJ1'); at >= 0; at = file.indexOf('PRJ1', at + 1)) {
    if (file.readDoubleLE(at + 16) === 2) file.writeUInt8(1, at + 76);
  }
  writeFileSync(journal, file);
  const { code, err } = backup(from, to);
  expect(code).toBe(2);
  expect(err).toMatch(/partition 1 cannot be copied: frame 2 does not fit its checksum\n$/);
  expect(existsSync(join(to, 'manifest.json'))).toBe(false);
});

test('an older copy of one journal is refused, also without a checkpoint that knows better', async () => {
  const directory = newDirectory();
  const journal = join(directory, 'partition-0', 'journal', 'data.mdb');
  const old = `${directory}.old`;
  for (const round of [1, 2, 3]) {
    const server = await serve(['--data', directory, '--partitions', '1']);
    await server.ask('/users', { users: [`user${round}`] });
    await server.kill();
    if (round === 1) cpSync(journal, old);
  }
  cpSync(old, journal);
  const refused = await serve(['--data', directory]).then(() => '', String);
  expect(refused).toMatch(
    /partition 0: the journal ends at frame \d+, but had \d+ when it was opened/,
  );
  expect(run('verify', '--data', directory)).toMatchObject({
    code: 1,
    err: expect.stringMatching(/^purser: fault: partition 0: the journal ends .* older copy/),
  });
  const copied = backup(directory, `${directory}-copy`);
  expect(copied.code).toBe(2);
  expect(copied.err).toMatch(/partition 0 cannot be copied: the journal ends .* an older copy/);
  expect(existsSync(join(`${directory}-copy`, 'manifest.json'))).toBe(false);
  rmSync(old);
});

test('a cursor from before a copy was put back leads nowhere, and to no other player', async () => {
  const [from, to] = [newDirectory(), newDirectory()];
  const first = await openWallet({ dataDir: from, partitions: 1, durability: 'process' });
  await first.createUsers(users);
  expect(backup(from, to)).toMatchObject({ code: 0 });
  const cursorOf = async (): Promise<string> => {
    const page = await first.transactions.list('alice', { limit: 1 });
    if (!page.ok || page.value.next_cursor === null) throw new Error('it ends too soon');
    return page.value.next_cursor;
  };
  const cursors: string[] = [];
  for (let i = 0; i < 6; i++) {
    await first.bet(bet('alice', 1));
    cursors.push(await cursorOf());
  }
  await first.close();
  const second = await openWallet({ dataDir: to, durability: 'process' });
  const [kept = '', ...lost] = cursors;
  const read = (cursor: string) => second.transactions.list('alice', { limit: 1, cursor });
  const refused = { ok: false, code: 'invalid_cursor' };
  for (const cursor of lost) expect(await read(cursor)).toMatchObject(refused);
  for (let i = 0; i < 6; i++) await second.bet(bet('bob', 1));
  for (const cursor of lost) expect(await read(cursor)).toMatchObject(refused);
  expect(await read(kept)).toMatchObject({ value: { data: [{ type: 'OPENING' }] } });
  expect(second.health()).toMatchObject({ ok: true, partitions: [{ restarts: 0 }] });
  await second.close();
});

/** Reads a store as `verify` and `export` do, and is killed meanwhile. */
function killedReader(path: string): void {
  const script = `
    import { open } from 'lmdb';
    const [path] = process.argv.slice(1);
    const db = open({ path, noSubdir: false, keyEncoding: 'binary', readOnly: true });
    for (const key of db.getKeys({ limit: 1 })) process.kill(process.pid, 'SIGKILL');`;
  const options = ['--input-type=module', '-e', script, path];
  expect(spawnSync(process.execPath, options).signal).toBe('SIGKILL');
}

/** By how many bytes a store grows meanwhile. */
async function growth(path: string, use: () => Promise<void>): Promise<number> {
  const file = join(path, 'data.mdb');
  const before = statSync(file).size;
  await use();
  return statSync(file).size - before;
}

test('a reader that was killed does not make a journal grow by more than its frames', async () => {
  const dataDir = newDirectory();
  const wallet = await openWallet({ dataDir, partitions: 1, durability: 'process' });
  await wallet.createUsers(['alice']);
  const bets = async (count: number): Promise<void> => {
    for (let i = 0; i < count; i++) await wallet.bet(bet('alice', 1));
  };
  await bets(20);
  const journal = join(dataDir, 'partition-0', 'journal');
  killedReader(journal);
  // It looks once a second.
  await wait(1_050);
  expect(await growth(journal, () => bets(100))).toBeLessThan(100 * 2048);
  await wallet.close();
});

test('nor a checkpoint', async () => {
  const partition = newDirectory();
  const path = join(partition, 'checkpoint');
  mkdirSync(path, { recursive: true });
  const store = openCheckpoints(partition, 'process');
  const place = { frame: 1, sequence: 1, time: 1, hash: Buffer.alloc(32), books: new Map() };
  const words = new Uint32Array(64 * 1024);
  const write = async (count: number): Promise<void> => {
    const meta = { ...place, transactions: 0, runs: 1, parts: 0 };
    const changes = { runs: new Map([[0, words]]), parts: [], documents: [] };
    for (let i = 0; i < count; i++) await store.write(meta, changes);
  };
  await write(4);
  killedReader(path);
  expect(await growth(path, () => write(8))).toBeLessThan(4 * words.byteLength);
  await store.close();
});
