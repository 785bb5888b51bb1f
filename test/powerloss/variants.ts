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
  {
    name: 'some frames are committed by the thread itself, some by LMDB',
    file: 'limits.js',
    find: 'frame_small_bytes: 16 * KIB',
    replace: 'frame_small_bytes: KIB',
  },
];

const OVERLAPPING: readonly Mutation[] = [
  {
    name: "lmdb's default of overlappingSync",
    file: 'partitions/environment.js',
    find: 'overlappingSync: false',
    replace: 'overlappingSync: true',
  },
  // After a power cut LMDB goes back to what it had synced, which it can do only where it may write.
  {
    name: 'what is looked at is opened to be written',
    file: 'partitions/environment.js',
    find: 'readOnly,\n',
    replace: 'readOnly: false,\n',
  },
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
  // The thread's own commits wait for each other.
  {
    name: 'no frame is committed by the thread itself',
    file: 'partitions/journal-file.js',
    find: 'frames.length === 1 && first !== undefined',
    replace: 'first === null',
  },
];

const NO_SYNC: Mutation = {
  name: 'no sync of commits of the journal',
  file: 'partitions/journal-file.js',
  find: '{ ...options, mapSize:',
  replace: "{ ...options, durability: 'process', mapSize:",
};

const NO_SYNC_OF_CHECKPOINTS: Mutation = {
  name: 'no sync of commits of checkpoints',
  file: 'partitions/checkpoint-store.js',
  find: '{ durability, readOnly, mapSize, writes }',
  replace: "{ durability: 'process', readOnly, mapSize, writes }",
};

/** The engine's own options, and what becomes of the directory with others. */
export const VARIANTS: Readonly<Record<string, readonly Mutation[]>> = {
  own: [],
  /** What lmdb does when nothing is said, as an engine would use it that knows no better. */
  default: [...OVERLAPPING, ...SEVERAL_IN_FLIGHT, NO_SYNC_AT_OPEN],
  overlapping: OVERLAPPING,
  'overlapping-several': [...OVERLAPPING, ...SEVERAL_IN_FLIGHT],
  several: SEVERAL_IN_FLIGHT,
  'no-sync-at-open': [NO_SYNC_AT_OPEN],
  'no-sync': [NO_SYNC],
  'no-sync-of-checkpoints': [NO_SYNC_OF_CHECKPOINTS],
};
