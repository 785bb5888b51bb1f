import type { Mutation } from '../support/mutant.js';

/** Smaller bounds, so that a short run has checkpoints and reads frames from the disk. */
export const SMALL: readonly Mutation[] = [
  {
    name: 'a checkpoint after few entries',
    file: 'limits.js',
    find: 'checkpoint_entries: 500_000',
    replace: 'checkpoint_entries: 400',
  },
  {
    name: 'few frames in memory',
    file: 'limits.js',
    find: 'recent_frames_bytes: 64 * MIB',
    replace: 'recent_frames_bytes: MIB',
  },
];

const overlapping = (file: string): Mutation => ({
  name: `lmdb's default of overlappingSync in ${file}`,
  file: `partitions/${file}.js`,
  find: 'overlappingSync: false',
  replace: 'overlappingSync: true',
});

const NO_SYNC_AT_OPEN: Mutation = {
  name: 'no sync when a journal is opened',
  file: 'partitions/journal-file.js',
  find: 'syncFiles(directory);',
  replace: ';',
};

const SEVERAL_IN_FLIGHT: Mutation = {
  name: 'several commits in flight',
  file: 'partitions/journal.js',
  find: 'await this.#current;',
  replace: 'await undefined;',
};

const noSync = (file: string): Mutation => ({
  name: `no sync of commits in ${file}`,
  file: `partitions/${file}.js`,
  find:
    file === 'journal-file'
      ? "noSync: options.durability === 'process'"
      : "noSync: durability === 'process'",
  replace: 'noSync: true',
});

/** The engine's own options, and what becomes of the directory with others. */
export const VARIANTS: Readonly<Record<string, readonly Mutation[]>> = {
  own: [],
  /** What lmdb does when nothing is said, as an engine would use it that knows no better. */
  default: [
    overlapping('journal-file'),
    overlapping('checkpoint-store'),
    SEVERAL_IN_FLIGHT,
    NO_SYNC_AT_OPEN,
  ],
  overlapping: [overlapping('journal-file'), overlapping('checkpoint-store')],
  'no-sync-at-open': [NO_SYNC_AT_OPEN],
  'no-sync': [noSync('journal-file')],
  'no-sync-of-checkpoints': [noSync('checkpoint-store')],
};
