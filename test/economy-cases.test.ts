import { spawnSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  type EconomyCase,
  economyCases,
  known,
  needsOwnServer,
  needsTracer,
  outside,
} from './support/economy-cases.js';
import { EconomyRun } from './support/economy-run.js';
import { ShopServer } from './support/shop-server.js';

const hasStrace = spawnSync('strace', ['-V']).status === 0;

describe.each([1, 4])('on %i partitions', (partitions) => {
  const shared = new ShopServer(partitions);

  beforeAll(async () => {
    await shared.start();
  });

  afterAll(() => shared.kill());

  for (const one of economyCases.filter((other) => !needsOwnServer(other))) {
    test(`${one.id}: ${one.title}`, () => new EconomyRun(shared, partitions, one).run());
  }

  describe.concurrent('each on a server of its own', () => {
    const alone = async (one: EconomyCase): Promise<void> => {
      const own = await new ShopServer(partitions).start();
      await new EconomyRun(own, partitions, one).run();
      await own.kill();
    };
    for (const one of economyCases.filter(needsOwnServer)) {
      test.skipIf(needsTracer(one) && !hasStrace)(`${one.id}: ${one.title}`, () => alone(one));
    }
  });
});

test('every case is run, or is outside of the contract for a reason', () => {
  const ids = known.map(({ id }) => id);
  const run = economyCases.map(({ id }) => id);
  expect([...run, ...Object.keys(outside)].sort()).toEqual([...ids].sort());
});
