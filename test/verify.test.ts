import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import {
  cpSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { openWallet } from 'purser';
import { beforeAll, beforeEach, expect, test } from 'vitest';
import { newDirectory, sharedDirectory } from './support/directory.js';
import { mutate, projectRoot } from './support/mutant.js';
import { withFaults } from './support/mutant-wallet.js';
import { run } from './support/server.js';
import { bet } from './support/wallet-cases.js';

let directory: string;
let journal: string;

/** A directory with some bets in each of two partitions, and no checkpoint to start from. */
const filled = sharedDirectory();

beforeAll(async () => {
  await fill(20, filled);
  rmSync(join(filled, 'partition-0', 'checkpoint'), { recursive: true });
});

/** Each test has a copy. */
beforeEach(() => {
  directory = newDirectory();
  journal = join(directory, 'partition-0', 'journal', 'data.mdb');
  cpSync(filled, directory, { recursive: true });
});

async function fill(bets: number, dataDir = directory): Promise<void> {
  const wallet = await openWallet({ dataDir, partitions: 2 });
  await wallet.createUsers(['alice', 'bob', 'carol', 'dave']);
  for (let i = 0; i < bets; i++) {
    await wallet.bet(bet(['alice', 'bob', 'carol', 'dave'][i % 4] ?? '', 1 + i));
  }
  await wallet.close();
}

async function openingFails(message: RegExp): Promise<void> {
  await expect(openWallet({ dataDir: directory })).rejects.toThrow(message);
}

/** Flips a bit of the newest frame, `offset` bytes behind its beginning, in every copy of it. */
function damage(offset: number): void {
  const bytes = readFileSync(journal);
  const places: { at: number; number: number }[] = [];
  for (let at = bytes.indexOf('PRJ1'); at >= 0; at = bytes.indexOf('PRJ1', at + 1)) {
    places.push({ at, number: bytes.readDoubleLE(at + 16) });
  }
  const newest = Math.max(...places.map(({ number }) => number));
  // LMDB leaves older copies of a page behind: those that hold this frame are damaged as well.
  for (const { at, number } of places) {
    if (number === newest) bytes[at + offset] = (bytes[at + offset] ?? 0) ^ 1;
  }
  writeFileSync(journal, bytes);
}

test('a sound directory verifies, and says what was checked', () => {
  const { code, out } = run('verify', '--data', directory);
  expect(code).toBe(0);
  expect(out).toMatch(/partitions\s+2/);
  expect(out).toMatch(/users\s+4/);
  expect(out).toMatch(/total\s+0/);
});

test.each([
  ['its balance', 80 + 8],
  ['its amount', 80 + 32],
  ['its checksum', 4],
])(
  'a flipped bit in a frame (%s) is found with its place, and the directory is not served',
  async (_what, offset) => {
    damage(offset);
    const { code, out, err } = run('verify', '--data', directory);
    expect(code, out).toBe(1);
    expect(out + err).toMatch(/partition 0, frame \d+/);
    await openingFails(/partition 0, frame \d+/);
  },
);

test('a truncated file is refused', async () => {
  truncateSync(journal, statSync(journal).size - 7);
  expect(run('verify', '--data', directory)).toMatchObject({ code: 1 });
  await openingFails(/truncated/);
});

test.each([
  ['emptied', () => writeFileSync(journal, '')],
  ['replaced by another file', () => writeFileSync(journal, 'x'.repeat(100_000))],
  ['missing', () => rmSync(journal)],
])('a journal that was %s is refused, and not begun anew', async (_what, harm) => {
  harm();
  expect(run('verify', '--data', directory)).toMatchObject({ code: 1 });
  await openingFails(/data\.mdb/);
});

test('partitions that changed places are refused', async () => {
  const [a, b, c] = [0, 1, 'x'].map((name) => join(directory, `partition-${name}`)) as [
    string,
    string,
    string,
  ];
  renameSync(a, c);
  renameSync(b, a);
  renameSync(c, b);
  expect(run('verify', '--data', directory)).toMatchObject({ code: 1 });
  await openingFails(/partition/);
});

test('an older copy of a journal under a newer checkpoint is refused', async () => {
  const older = `${journal}.older`;
  cpSync(journal, older);
  await fill(8);
  renameSync(older, journal);
  expect(run('verify', '--data', directory).err).toMatch(/older copy/);
  await openingFails(/older copy/);
});

test.each([
  ['its inner pages', (bytes: Buffer) => bytes.fill(0xa5, 2 * 4096)],
  ['its first page', (bytes: Buffer) => bytes.fill(0xa5, 0, 4096)],
  [
    'its values',
    (bytes: Buffer) => {
      for (let at = bytes.indexOf('sequence'); at >= 0; at = bytes.indexOf('sequence', at + 1)) {
        bytes[at] = 120;
      }
    },
  ],
])('a checkpoint damaged in %s costs time alone', async (_where, harm) => {
  await fill(4);
  const file = join(directory, 'partition-0', 'checkpoint', 'data.mdb');
  const bytes = readFileSync(file);
  harm(bytes);
  writeFileSync(file, bytes);
  const wallet = await openWallet({ dataDir: directory });
  expect((await wallet.books()).total).toBe(0n);
  expect((await wallet.players.get('alice'))?.version).toBeGreaterThan(5);
  await wallet.close();
});

test('a backup of a directory that is being served opens and verifies', async () => {
  const wallet = await openWallet({ dataDir: directory });
  const before = (await wallet.players.get('alice'))?.balance;
  const copy = `${directory}-copy`;
  expect(run('backup', '--data', directory, '--to', copy)).toMatchObject({ code: 0 });
  await wallet.bet(bet('alice', 5));
  await wallet.close();
  expect(run('verify', '--data', copy)).toMatchObject({ code: 0 });
  const restored = await openWallet({ dataDir: copy });
  expect((await restored.players.get('alice'))?.balance).toBe(before);
  await restored.close();
  expect(run('backup', '--data', directory, '--to', copy)).toMatchObject({ code: 2 });
});

test('export writes entries, oldest first, and never a token', async () => {
  const wallet = await openWallet({ dataDir: directory });
  const body = { ...bet('alice', 9), token: 'secret-token', round: 'r1', meta: { b: 1, a: [2] } };
  await wallet.bet(body);
  await wallet.close();
  const { out, code } = run('export', '--data', directory, '--format', 'ndjson', '--user', 'alice');
  expect(code).toBe(0);
  const entries = out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(entries[0]).toMatchObject({
    kind: 'open',
    user: 'alice',
    balance_after: 100_000,
    version: 1,
  });
  expect(entries.at(-1)).toMatchObject({
    kind: 'bet',
    amount: 9,
    transaction_uuid: body.transaction_uuid,
    round: 'r1',
    meta: { a: [2], b: 1 },
  });
  expect(out).not.toContain('secret-token');
  expect(
    run('export', '--data', directory, '--format', 'csv').out.split('\n').length,
  ).toBeGreaterThan(24);
});

test('a partition that has no transactions yet has a sound checkpoint', async () => {
  const dataDir = newDirectory();
  const wallet = await openWallet({ dataDir, partitions: 2 });
  await wallet.createUsers(['p']);
  const ids = { transaction_uuid: randomUUID(), request_uuid: randomUUID() };
  await wallet.bet({ user: 'p', currency: 'USD', amount: 1, ...ids });
  await wallet.close();
  expect(run('verify', '--data', dataDir)).toMatchObject({ code: 0, err: '' });
  const warnings: string[] = [];
  const note = ({ message }: Error): number => warnings.push(message);
  process.on('warning', note);
  await (await openWallet({ dataDir })).close();
  process.off('warning', note);
  expect(warnings).toEqual([]);
});

test('a walk that ends for a reason beside the journal says so, and not that it has a fault', () => {
  const mutant = mutate(projectRoot(import.meta.url), {
    name: 'a process that ends at an entry',
    file: 'partitions/entry-verifier.js',
    find: 'applyToBooks(this.books, head.postings);',
    replace: 'Function(process.env.FAULT)(); applyToBooks(this.books, head.postings);',
  });
  const verify = (fault: string, heap: number) => {
    const env = { ...process.env, FAULT: fault, NODE_OPTIONS: `--max-old-space-size=${heap}` };
    const args = [join(mutant.dist, 'purser.cjs'), 'verify', '--data', directory];
    const { status, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8', env });
    return { status, stderr };
  };
  const unverified = (how: string) => ({
    status: 2,
    stderr: expect.stringMatching(
      new RegExp(`^purser: ${directory} could not be verified: the process ended ${how}, .*\\n$`),
    ),
  });
  const fill = 'const kept = []; for (;;) kept.push(new Array(100_000).fill(kept.length));';
  expect(verify(fill, 40)).toEqual(unverified('as memory ran out'));
  const full = "throw new RangeError('Map maximum size exceeded');";
  expect(verify(full, 4096)).toEqual(unverified('as memory ran out'));
  mutant.remove();
});

test('a walk whose process does not come to read says so, and not that the journal has a fault', () => {
  const mutant = mutate(projectRoot(import.meta.url), {
    name: 'a process that is not begun',
    file: 'partitions/verify-process.js',
    find: "process.once('message', (task) => void run(task));",
    replace: "process.once('message', () => process.exit(1));",
  });
  const args = [join(mutant.dist, 'purser.cjs'), 'verify', '--data', directory];
  const { status, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  const how = 'with exit code 1, before it read anything';
  expect({ status, stderr }).toEqual({
    status: 2,
    stderr: `purser: ${directory} could not be verified: the process ended ${how}\n`,
  });
  mutant.remove();
});

test.each(['journal', 'checkpoint'])(
  'a %s that the system keeps from being read is not damaged',
  async (part) => {
    await fill(4);
    const file = join(directory, 'partition-0', part, 'data.mdb');
    rmSync(file);
    // Also for root, who may read everything.
    symlinkSync('data.mdb', file);
    const cause = new RegExp(`${file} cannot be read: ELOOP: .*`);
    await openingFails(cause);
    expect(readdirSync(join(directory, 'partition-0')).sort()).toEqual(['checkpoint', 'journal']);
    const { code, err } = run('verify', '--data', directory);
    expect(code).toBe(2);
    expect(err).toMatch(new RegExp(`^purser: .* could not be verified: ${cause.source}\\n$`));
    if (part === 'checkpoint') return;
    const copied = run('backup', '--data', directory, '--to', `${directory}-copy`);
    expect(copied.code).toBe(2);
    expect(copied.err).toMatch(new RegExp(`^purser: .* cannot be copied: ${cause.source}\\n$`));
  },
);

test('a checkpoint is not called damaged when somebody ends the process that looks at it', async () => {
  await fill(4);
  // The process that looks is ended.
  const openEnded = await withFaults({
    file: 'partitions/probe.js',
    find: 'if (!(await probeCheckpoint(directory)))',
    replace:
      'process.kill(process.pid, process.env.SIGNAL); if (!(await probeCheckpoint(directory)))',
  });
  for (const signal of ['SIGINT', 'SIGKILL']) {
    process.env['SIGNAL'] = signal;
    const opening = openEnded({ dataDir: directory });
    await expect(opening).rejects.toThrow(new RegExp(`ended a process by ${signal}$`));
  }
  delete process.env['SIGNAL'];
  expect(readdirSync(join(directory, 'partition-0')).sort()).toEqual(['checkpoint', 'journal']);
});
