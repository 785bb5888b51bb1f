import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import {
  economyCases,
  known,
  needsTracer,
  outside,
  usesUpSignups,
} from './support/economy-cases.js';
import { EconomyClient } from './support/economy-client.js';
import { EconomyRun } from './support/economy-run.js';
import { ShopServer } from './support/shop-server.js';
import { hasStrace } from './support/tracer.js';

const A_MINUTE_MS = 60_001;

describe.each([1, 4])('on %i partitions', (partitions) => {
  const shop = new ShopServer(partitions);

  beforeEach(() => shop.calm());
  afterAll(() => shop.kill());

  for (const one of economyCases) {
    test.skipIf(needsTracer(one) && !hasStrace)(`${one.id}: ${one.title}`, async () => {
      await new EconomyRun(shop, partitions, one).run();
      if (usesUpSignups(one)) await shop.advance(A_MINUTE_MS);
    });
  }

  test('what all cases have left adds up to zero', async () => {
    const client = new EconomyClient(shop);
    const { body } = await client.must({ call: 'GET /v1/audit', auth: 'admin' });
    expect(body).toMatchObject({ ok: true, total: '0' });
  });
});

test('every case is run, or is outside of the contract for a reason', () => {
  const ids = known.map(({ id }) => id);
  const run = economyCases.map(({ id }) => id);
  expect([...run, ...Object.keys(outside)].sort()).toEqual([...ids].sort());
});
