import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openWallet } from 'purser';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newDirectory } from './support/directory.js';
import {
  apart,
  CaseRun,
  endsServer,
  holdsInExwallet,
  walletCases,
} from './support/wallet-cases.js';

describe.each([
  ['hub88', 1],
  ['hub88', 4],
  ['exwallet', 4],
])('in the dialect %s, on %i partitions', (dialect, partitions) => {
  const all = walletCases
    .filter(({ id }) => id !== 'B30')
    .filter((one) => dialect === 'hub88' || holdsInExwallet(one))
    .map(apart);
  const directory = mkdtempSync(join(tmpdir(), 'purser-cases-'));
  const args = ['--data', join(directory, 'data'), '--partitions', `${partitions}`];
  let run: CaseRun;

  beforeAll(async () => {
    run = await CaseRun.begin([...args, '--dialect', dialect], false);
  });

  afterAll(async () => {
    await run.end();
    rmSync(directory, { recursive: true });
  });

  test.each(all.filter((one) => !endsServer(one)))('$id: $name', async ({ steps }) => {
    for (const step of steps) await run.step(step);
  });

  describe('where the server ends', () => {
    const ending = all.filter(endsServer);
    let played: ReadonlyMap<string, Promise<void>>;

    beforeAll(async () => {
      played = run.together(ending);
      await Promise.allSettled(played.values());
    });

    test.each(ending)('$id: $name', ({ id }) => played.get(id));
  });
});

test('B30: the signature covers the raw bytes', async () => {
  const dataDir = newDirectory();
  const [signed] = walletCases.filter(({ id }) => id === 'B30');
  // Users are made by a key's holder, and this server has none.
  const maker = await openWallet({ dataDir, dialect: 'hub88' });
  await maker.createUsers(signed?.steps[0]?.body.users);
  await maker.close();
  const run = await CaseRun.begin(['--data', dataDir, '--dialect', 'hub88'], true);
  for (const step of signed?.steps.slice(1) ?? []) {
    await run.step(step);
    // A signature of what the body means is none of what it is.
    const status = 'RS_ERROR_INVALID_SIGNATURE';
    await run.step({ ...step, signature: 're-serialised', expect: { status } });
  }
  await run.end();
});

test('most cases are there', () => {
  expect(walletCases.length).toBeGreaterThan(70);
});
