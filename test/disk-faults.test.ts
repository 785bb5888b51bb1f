import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { openWallet } from 'purser';
import { afterAll, expect, test } from 'vitest';
import { newDirectory } from './support/directory.js';
import { faultOf } from './support/fault-of.js';
import { withFaults } from './support/mutant-wallet.js';
import { run, type Server, serve } from './support/server.js';
import { hasStrace, tracer } from './support/tracer.js';
import { bet } from './support/wallet-cases.js';
import { SMALL_MAP } from './torture/small-map.js';

/** Makes a frame that LMDB's thread commits, not the partition's own. */
const meta = { text: 'x'.repeat(40_000) };

const hook = pathToFileURL(join(import.meta.dirname, 'support/impatient.mjs')).href;
const impatient = `--import ${hook}`;
const [WARN, ERROR] = [40, 50];

async function begin(dataDir: string): Promise<void> {
  const wallet = await openWallet({ dataDir, partitions: 1 });
  await wallet.createUsers(['alice']);
  await wallet.close();
}

/** The lines of its log. */
function logged(server: Server): { level: number; partition: number; err?: { message: string } }[] {
  const lines = server.said().split('\n');
  return lines.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line));
}

/** Sends until an answer of the wallet protocol comes; how many refusals came before it. */
async function insist(
  server: Server,
  body: unknown,
): Promise<{ refusals: string[]; answer: unknown }> {
  const refusals: string[] = [];
  for (let attempt = 0; attempt < 200; attempt++) {
    const response = await server.post('/transaction/bet', body);
    const content = (await response.json()) as Record<string, unknown>;
    if (response.status === 200) return { refusals, answer: content };
    refusals.push(String(content['code']));
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`refused again and again: ${refusals.at(-1)}`);
}

test.skipIf(!hasStrace).each(['EIO', 'ENOSPC'])(
  'a sync that fails with %s is answered with unavailable, and the partition recovers from disk',
  async (error) => {
    const directory = newDirectory();
    await begin(directory);
    // Each thread that commits meets the fault once, with its second sync.
    const fault = tracer(['trace=fdatasync', `inject=fdatasync:error=${error}:when=2`]);
    const server = await serve(['--data', directory], {}, fault);
    const bodies = Array.from({ length: 6 }, (_, i) => {
      return i % 2 === 0 ? bet('alice', 1) : { ...bet('alice', 1), meta };
    });
    const refusals: string[] = [];
    for (const [i, body] of bodies.entries()) {
      const { refusals: some, answer } = await insist(server, body);
      refusals.push(...some);
      expect(answer).toMatchObject({ status: 'RS_OK', balance: 100_000 - i - 1 });
    }
    expect(refusals[0]).toBe('unavailable');
    const health = await fetch(`${server.url}/health`);
    expect(health.status).toBe(200);
    // An incident is a line when it begins and one when it is over; requests that met it have none.
    const lines = logged(server);
    expect(lines.filter(({ level }) => level === ERROR).length).toBeGreaterThan(0);
    expect(lines.map(({ level }) => level)).toEqual(lines.map((_, i) => (i % 2 ? WARN : ERROR)));
    expect(lines[0]).toMatchObject({ partition: 0, err: { message: expect.any(String) } });
    await server.kill();
    expect(await faultOf(directory)).toBeUndefined();
    const again = await serve(['--data', directory]);
    for (const [i, body] of bodies.entries()) {
      expect(await again.ask('/transaction/bet', body)).toMatchObject({ balance: 100_000 - i - 1 });
    }
    await again.kill();
  },
);

test.skipIf(!hasStrace).each([
  ['small', {}],
  ['large', { meta }],
])(
  'a commit of a %s frame that does not come back is given up, and its bet settles once',
  async (_, more) => {
    const directory = newDirectory();
    await begin(directory);
    const fault = tracer(['trace=fdatasync', 'inject=fdatasync:delay_enter=3000000:when=1']);
    const server = await serve(['--data', directory], { NODE_OPTIONS: impatient }, fault);
    const body = { ...bet('alice', 1), ...more };
    const { refusals, answer } = await insist(server, body);
    expect(refusals[0]).toBe('unavailable');
    expect(answer).toMatchObject({ status: 'RS_OK', balance: 99_999 });
    await server.kill();
    expect(await faultOf(directory)).toBeUndefined();
  },
);

test.skipIf(!hasStrace)(
  'a directory on a disk that is full is served, and what fails at its end is said in one line',
  async () => {
    const directory = newDirectory();
    const calm = await serve(['--data', directory, '--partitions', '1']);
    await calm.ask('/users', { users: ['alice'] });
    await calm.kill();
    const path = join(directory, 'manifest.json');
    const manifest = readFileSync(path, 'utf8');
    const files = [`${path}.new`, join(directory, 'partition-0', 'checkpoint', 'data.mdb')];
    const calls = 'write,pwrite64,pwritev';
    const full = tracer([`trace=${calls}`, `inject=${calls}:error=ENOSPC`]);
    const paths = files.flatMap((file) => ['-P', file]);
    const server = await serve(['--data', directory], {}, [...full, ...paths]);
    const read = await server.ask('/user/balance', { user: 'alice', request_uuid: randomUUID() });
    expect(read).toMatchObject({ status: 'RS_OK', balance: 100_000 });
    expect(readFileSync(path, 'utf8')).toBe(manifest);
    // There is something for a checkpoint to write.
    await insist(server, bet('alice', 1));
    expect(await server.stop()).toBe(2);
    expect(server.said().trim().split('\n').at(-1)).toMatch(
      /^purser: the last checkpoint was not written; .+$/,
    );
    expect(await faultOf(directory)).toBeUndefined();
  },
);

test('a checkpoint that is due at a start on a full disk waits, and reads go on', async () => {
  const directory = newDirectory();
  const before = await openWallet({ dataDir: directory, partitions: 1, durability: 'process' });
  await before.createUsers(['alice']);
  for (let i = 0; i < 20; i++) await before.bet(bet('alice', 1));
  const crashed = newDirectory();
  cpSync(directory, crashed, { recursive: true });
  await before.close();
  const due = { find: 'checkpoint_entries: 500_000', replace: 'checkpoint_entries: 10' };
  const reserve = { find: 'disk_reserve_bytes: 256 *', replace: 'disk_reserve_bytes: 2 ** 40 *' };
  const head = 'async write(checkpoint, changes) {';
  const openFull = await withFaults(
    { file: 'limits.js', ...due },
    { file: 'limits.js', ...reserve },
    { file: 'partitions/checkpoint-store.js', find: head, replace: `${head} throw Error('full');` },
  );
  const full = await openFull({ dataDir: crashed, durability: 'process' });
  for (let i = 0; i < 5; i++) {
    expect(await full.players.get('alice')).toMatchObject({ balance: 99_980 });
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  expect(full.health()).toMatchObject({ ok: true, partitions: [{ restarts: 0 }] });
  // Nor does its end write one: what LMDB says of a full disk is no more than an I/O error.
  await expect(full.close()).rejects.toThrow(
    /^the last checkpoint was not written; .*almost full$/,
  );
  const again = await openWallet({ dataDir: crashed, durability: 'process' });
  await again.close();
});

test('how much of its map a journal has left is told before it is refused', async () => {
  const openSmall = await withFaults(...SMALL_MAP);
  const wallet = await openSmall({ partitions: 1, durability: 'process' });
  await wallet.createUsers(['alice']);
  const room = (): number | undefined => wallet.health().partitions[0]?.room_bytes;
  expect(room()).toBeGreaterThan(0);
  const bets = async (): Promise<void> => {
    for (;;) await wallet.bet({ ...bet('alice', 1), meta });
  };
  await expect(bets()).rejects.toMatchObject({ code: 'storage_unavailable' });
  await expect.poll(room, { timeout: 10_000 }).toBeLessThan(0);
  expect(wallet.health().ok).toBe(true);
  await expect(wallet.close()).rejects.toThrow('the last checkpoint was not written');
});

test('a checkpoint waits for room for all of it', async () => {
  const due = { find: 'checkpoint_entries: 500_000', replace: 'checkpoint_entries: 1_000' };
  const free = 'return bavail * bsize;';
  const head = 'async write(checkpoint, changes) {';
  const openTight = await withFaults(
    { file: 'limits.js', ...due },
    // 100 KiB more than the reserve.
    {
      file: 'partitions/data-file.js',
      find: free,
      replace: 'return limits.disk_reserve_bytes + 102_400;',
    },
    { file: 'partitions/checkpoint-store.js', find: head, replace: `${head} throw Error('full');` },
  );
  const wallet = await openTight({ partitions: 1, durability: 'process' });
  // Some 300 KiB of where they are.
  await wallet.createUsers(Array.from({ length: 20_000 }, (_, i) => `user${i}`));
  for (let i = 0; i < 5; i++) {
    expect(await wallet.bet(bet('user0', 1))).toMatchObject({ balance: 99_999 - i });
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  expect(wallet.health()).toMatchObject({ ok: true, partitions: [{ restarts: 0 }] });
  await expect(wallet.close()).rejects.toThrow(/^the last checkpoint was not written; .*full$/);
});

const small = mkdtempSync(join(tmpdir(), 'purser-test-'));
const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', small]).status === 0;

afterAll(() => {
  if (mounted) spawnSync('umount', ['-l', small]);
  rmSync(small, { recursive: true, force: true });
});

/** Needs a mount. */
test.skipIf(!mounted)(
  'a directory without locks is no damaged one where the disk is full',
  async () => {
    const directory = newDirectory();
    await begin(directory);
    const copy = join(small, 'data');
    cpSync(directory, copy, { recursive: true, filter: (file) => !file.endsWith('lock.mdb') });
    const ballast = join(small, 'ballast');
    expect(() => writeFileSync(ballast, Buffer.alloc(2 ** 20))).toThrow('ENOSPC');
    const before = readdirSync(join(copy, 'partition-0'));
    for (const command of ['verify', 'export', 'serve']) {
      const { code, err } = run(command, '--data', copy);
      expect({ command, code, err }).toMatchObject({
        code: 2,
        err: expect.stringContaining('ENOSPC'),
      });
    }
    expect(run('serve', '--data', join(small, 'new'))).toMatchObject({ code: 2 });
    expect(readdirSync(join(copy, 'partition-0'))).toEqual(before);
    rmSync(ballast);
    expect(await faultOf(copy)).toBeUndefined();
  },
);
