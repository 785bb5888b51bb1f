import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import { newDirectory } from './support/directory.js';
import { faultOf } from './support/fault-of.js';
import { mutate, projectRoot } from './support/mutant.js';

const support = resolve(import.meta.dirname, 'support');

test.each(['exit', 'exception', 'memory'])(
  'a thread that dies (%s) comes back with every entry and id while the other one serves',
  async (way) => {
    const directory = newDirectory();
    const fault = pathToFileURL(resolve(support, 'fault.mjs')).href;
    const { stdout, stderr, status } = spawnSync(
      process.execPath,
      ['--import', fault, resolve(support, 'thread-death.mjs'), directory, way],
      { encoding: 'utf8', timeout: 55_000 },
    );
    expect(status, stderr).toBe(0);
    const report = JSON.parse(stdout);
    expect(report).toMatchObject({
      errors: ['unavailable'],
      changedAnswers: 0,
      wrongBalances: 0,
      restarts: [1, 0],
      total: '0',
    });
    expect(report.attempts).toBeGreaterThan(100);
    expect(report.servedMeanwhile).toBeGreaterThan(0);
    expect(await faultOf(directory)).toBeUndefined();
  },
);

test('a thread that dies unasked is noticed, and what it had sent still arrives', async () => {
  const directory = newDirectory();
  const fault = pathToFileURL(resolve(support, 'fault.mjs')).href;
  const script = resolve(support, 'thread-idle.mjs');
  const { stdout, stderr, status } = spawnSync(
    process.execPath,
    ['--import', fault, script, directory],
    { encoding: 'utf8', timeout: 55_000 },
  );
  expect(status, stderr).toBe(0);
  expect(JSON.parse(stdout)).toEqual({
    idle: [0, 1],
    answers: [true, 'unavailable'],
    after: [1, 1],
    transit: '0',
  });
  expect(await faultOf(directory)).toBeUndefined();
});

test('a thread that ends again and again is started ever less often', () => {
  const fault = pathToFileURL(resolve(support, 'fault.mjs')).href;
  const script = resolve(support, 'thread-again.mjs');
  const { stdout, stderr, status } = spawnSync(
    process.execPath,
    ['--import', fault, script, newDirectory()],
    { encoding: 'utf8', timeout: 55_000 },
  );
  expect(status, stderr).toBe(0);
  // At once, and after 0.1, 0.2, 0.4 and 0.8 s.
  expect(Number(stdout)).toBeGreaterThan(1.4);
});

test('close ends a thread that is on its way back, too', () => {
  const fault = pathToFileURL(resolve(support, 'fault.mjs')).href;
  const script = resolve(support, 'thread-close.mjs');
  const { stdout, stderr, status } = spawnSync(
    process.execPath,
    ['--import', fault, script, newDirectory()],
    { encoding: 'utf8', timeout: 30_000 },
  );
  expect(status, stderr).toBe(0);
  expect(JSON.parse(stdout)).toEqual({
    before: ['recovering', 'serving'],
    after: ['closed', 'closed'],
    later: ['closed', 'closed'],
  });
});

test('a thread that dies while LMDB takes its writes does not hold up the process', async () => {
  const mutant = mutate(projectRoot(import.meta.url), {
    name: 'die while a checkpoint is written',
    file: 'partitions/checkpoint-store.js',
    find: 'this.#put(META, meta);',
    replace: 'process.exit(1);',
  });
  const directory = newDirectory();
  try {
    const script = resolve(support, 'thread-writing.mjs');
    const { stderr, status } = spawnSync(process.execPath, [script, mutant.dist, directory], {
      encoding: 'utf8',
      timeout: 30_000,
    });
    expect(status, stderr).toBe(0);
    expect(await faultOf(directory)).toBeUndefined();
  } finally {
    mutant.remove();
  }
});

test.each([
  ['exit', 7],
  ['exception', 1],
])('a process ends (%s) while a thread of it writes', async (way, code) => {
  const directory = newDirectory();
  const slow = pathToFileURL(resolve(support, 'slow-write.mjs')).href;
  const { stderr, status } = spawnSync(
    process.execPath,
    ['--import', slow, resolve(support, 'exit-writing.mjs'), directory, way],
    { encoding: 'utf8', timeout: 30_000, killSignal: 'SIGKILL' },
  );
  expect(status, stderr).toBe(code);
  expect(await faultOf(directory)).toBeUndefined();
});

test('a process ends while a wallet in one of its worker threads writes', async () => {
  const directory = newDirectory();
  const slow = pathToFileURL(resolve(support, 'slow-write.mjs')).href;
  const { stderr, status } = spawnSync(
    process.execPath,
    ['--import', slow, resolve(support, 'exit-above-wallet.mjs'), directory],
    { encoding: 'utf8', timeout: 30_000, killSignal: 'SIGKILL' },
  );
  expect(status, stderr).toBe(7);
  expect(await faultOf(directory)).toBeUndefined();
});

test('entries of frames that are no longer in memory are read without harm to the one at hand', () => {
  const directory = newDirectory();
  const ring = pathToFileURL(resolve(support, 'small-ring.mjs')).href;
  const play = (what: string): unknown => {
    const { stdout, stderr, status } = spawnSync(
      process.execPath,
      ['--import', ring, resolve(support, 'old-frames.mjs'), what, directory],
      { encoding: 'utf8', timeout: 55_000 },
    );
    expect(status, stderr).toBe(0);
    return JSON.parse(stdout);
  };
  expect(play('write')).toEqual(Array(40).fill('RS_OK'));
  // 800 bets, 40 wins, their rollbacks, and 40 wins that stand.
  expect(play('read')).toEqual({ balance: 99_240, ok: true });
});
