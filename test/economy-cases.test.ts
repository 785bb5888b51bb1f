import { spawnSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { allCases, cases, type EconomyCase, excluded } from './support/economy-case.js';
import { Runner } from './support/economy-runner.js';
import { EconomyServer } from './support/economy-server.js';

const hasStrace = spawnSync('strace', ['-V']).status === 0;

test('every case is run, or left out with a reason', () => {
  const known = allCases.map(({ id }) => id);
  expect(Object.keys(excluded).filter((id) => !known.includes(id))).toEqual([]);
  expect(cases.length + Object.keys(excluded).length).toBe(known.length);
});

/** Cases that stop their server, move its clock, or use ids that the others use too. */
function needsOwnServer({ area, steps }: EconomyCase): boolean {
  return (
    area === 'seed003' ||
    steps.some(({ kill9, restart, advance_clock, compact, signal, fault }) => {
      return [kill9, restart, advance_clock, compact, signal, fault].some((it) => it !== undefined);
    })
  );
}

function hasFault({ steps }: EconomyCase): boolean {
  return steps.some(({ fault }) => fault !== undefined);
}

describe.each([1, 4])('over %i partitions', (partitions) => {
  const shared = new EconomyServer(partitions);

  beforeAll(() => shared.start());
  afterAll(() => shared.server.kill());

  for (const one of cases) {
    const title = `${one.id} ${one.title}`;
    const skip = hasFault(one) && !hasStrace;
    const concurrent = needsOwnServer(one);
    test(title, { timeout: 60_000, concurrent, skip }, async () => {
      if (!needsOwnServer(one)) {
        await new Runner(shared, one).run(one.steps);
        return;
      }
      const own = new EconomyServer(partitions);
      await own.start();
      await new Runner(own, one).run(one.steps);
      await own.server.kill();
    });
  }
});
