import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newDirectory } from './support/directory.js';
import { apart, CaseRun, holdsInExwallet, walletCases } from './support/wallet-cases.js';

describe.each([
  ['hub88', 1],
  ['hub88', 4],
  ['exwallet', 4],
])('in the dialect %s, on %i partitions', (dialect, partitions) => {
  const own = walletCases
    .filter(({ id }) => id !== 'B30')
    .filter((one) => dialect === 'hub88' || holdsInExwallet(one));
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

  test.each(own.map(apart))('$id: $name', async ({ steps }) => {
    for (const step of steps) await run.step(step);
  });
});

test('B30: the signature covers the raw bytes', async () => {
  const args = ['--data', newDirectory(), '--dialect', 'hub88'];
  const [signed] = walletCases.filter(({ id }) => id === 'B30');
  // Users are made by a key's holder, so on a server without keys.
  const maker = await CaseRun.begin(args, false);
  for (const step of signed?.steps.slice(0, 1) ?? []) await maker.step(step);
  await maker.end();
  const run = await CaseRun.begin(args, true);
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
