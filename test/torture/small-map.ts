import type { Mutation } from '../support/mutant.js';

const SMALL = 2 * 1024 * 1024;

/** A journal that is soon as large as its map. */
export const SMALL_MAP: readonly Mutation[] = [
  {
    name: 'a small map',
    file: 'limits.js',
    find: 'journal_map_bytes: 512 * 1024 * MIB',
    replace: `journal_map_bytes: ${SMALL}`,
  },
  {
    name: 'a small reserve',
    file: 'limits.js',
    find: 'map_reserve_bytes: 256 * MIB',
    replace: `map_reserve_bytes: ${SMALL / 2}`,
  },
];
