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

/** After a power cut LMDB goes back to what it had synced, which it can do only where it may write. */
const OPENED_TO_WRITE: readonly Mutation[] = [
  {
    name: 'a journal that is looked at is opened to be written',
    file: 'partitions/journal-file.js',
    find: 'readOnly: options.readOnly ?? false',
    replace: 'readOnly: false',
  },
  {
    name: 'a checkpoint that is looked at is opened to be written',
    file: 'partitions/checkpoint-store.js',
    find: 'readOnly,\n',
    replace: 'readOnly: false,\n',
  },
];

const OVERLAPPING: readonly Mutation[] = [
  overlapping('journal-file'),
  overlapping('checkpoint-store'),
  ...OPENED_TO_WRITE,
];

const NO_SYNC_AT_OPEN: Mutation = {
  name: 'a journal that has frames is not synced when it is opened',
  file: 'partitions/journal-file.js',
  find: "options.durability === 'disk' && !options.readOnly",
  replace: "options.durability === 'disk' && !options.readOnly && lastNumber(db) === 0",
};

const SEVERAL_IN_FLIGHT: readonly Mutation[] = [
  {
    name: 'several commits in flight',
    file: 'partitions/journal.js',
    find: 'await this.#current;',
    replace: 'await undefined;',
  },
  {
    name: 'no batch waits for another',
    file: 'limits.js',
    find: 'batch_early_commands: 256',
    replace: 'batch_early_commands: 1',
  },
];

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
  default: [...OVERLAPPING, ...SEVERAL_IN_FLIGHT, NO_SYNC_AT_OPEN],
  overlapping: OVERLAPPING,
  'overlapping-several': [...OVERLAPPING, ...SEVERAL_IN_FLIGHT],
  several: SEVERAL_IN_FLIGHT,
  'no-sync-at-open': [NO_SYNC_AT_OPEN],
  'no-sync': [noSync('journal-file')],
  'no-sync-of-checkpoints': [noSync('checkpoint-store')],
};
