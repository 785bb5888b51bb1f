import { describe, expect, test } from 'vitest';
import { SMALL, VARIANTS } from './powerloss/variants.js';
import { type Mutation, mutate, projectRoot } from './support/mutant.js';
import { SMALL_MAP } from './torture/small-map.js';

// What the long programs change in the built package is found in it; the simulation's own test
// runs all of its faults.
const changes: readonly (readonly [string, readonly Mutation[]])[] = [
  ['torture: a small map', SMALL_MAP],
  ...Object.entries(VARIANTS).map(([name, mutations]) => {
    return [`powerloss: ${name}`, [...SMALL, ...mutations]] as const;
  }),
];

describe('the long programs find the text that they change', () => {
  test.each(changes)('%s', (_name, mutations) => {
    expect(() => mutate(projectRoot(import.meta.url), ...mutations).remove()).not.toThrow();
  });
});
