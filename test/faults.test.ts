import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { SMALL, VARIANTS } from './powerloss/variants.js';
import { mutations } from './simulation/mutations.js';
import { type Mutation, projectRoot } from './support/mutant.js';
import { SMALL_MAP } from './torture/small-map.js';

const dist = join(projectRoot(import.meta.url), 'dist');
const programs: Readonly<Record<string, readonly Mutation[]>> = {
  torture: SMALL_MAP,
  powerloss: [...SMALL, ...Object.values(VARIANTS).flat()],
  simulation: mutations,
};

test.each(Object.entries(programs))('what %s changes is in the built package', (_, changes) => {
  const missed = changes.filter(({ file, find }) => {
    return readFileSync(join(dist, file), 'utf8').split(find).length !== 2;
  });
  expect(changes.length).toBeGreaterThan(1);
  expect(missed).toEqual([]);
});
