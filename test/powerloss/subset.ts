import type { DiskDirectory } from './disk-directory.js';
import type { DiskFile, UnsyncedSector } from './disk-file.js';
import type { Random } from './random.js';

/** Which of the unsynced sectors, sizes and names the disk has. */
export interface Subset {
  readonly name: string;
  sectors(file: DiskFile): readonly UnsyncedSector[];
  size(file: DiskFile, sectors: readonly UnsyncedSector[]): number;
  /** How many of the unsynced changes of names. */
  names(directory: DiskDirectory): number;
}

type Choice = (file: DiskFile, random: Random) => readonly UnsyncedSector[];

/** LMDB's two meta pages. */
const META_SECTORS = 16;

const choices: Readonly<Record<string, Choice>> = {
  all: ({ sectors }) => sectors,
  none: () => [],
  'any half': ({ sectors }, random) => sectors.filter(() => random.chance(0.5)),
  few: ({ sectors }, random) => sectors.filter(() => random.chance(0.1)),
  most: ({ sectors }, random) => sectors.filter(() => random.chance(0.9)),
  'the first': ({ sectors }, random) => sectors.slice(0, random.below(sectors.length + 1)),
  'the last': ({ sectors }, random) => sectors.slice(random.below(sectors.length + 1)),
  'the last write': ({ sectors }) => {
    const last = sectors.at(-1)?.step;
    return sectors.filter(({ step }) => step === last);
  },
  'the meta pages': ({ sectors }) => sectors.filter(({ sector }) => sector < META_SECTORS),
  'the meta pages and any half': ({ sectors }, random) => {
    return sectors.filter(({ sector }) => sector < META_SECTORS || random.chance(0.5));
  },
  'all but the meta pages': ({ sectors }) => sectors.filter((s) => s.sector >= META_SECTORS),
  'all but one': ({ sectors }, random) => {
    const lost = random.below(Math.max(1, sectors.length));
    return sectors.filter((_, i) => i !== lost);
  },
};
const NAMES = Object.keys(choices);

/** A way to choose for all files together, or for each its own. */
export function chooseSubset(random: Random): Subset {
  const common = random.chance(0.7) ? random.pick(NAMES) : undefined;
  const choiceOf = (): Choice => choices[common ?? random.pick(NAMES)] as Choice;
  return {
    name: common ?? 'each file its own',
    sectors: (file) => choiceOf()(file, random),
    size: (file, sectors) => chooseSize(common, file, sectors, random),
    names: ({ unsynced }) => {
      if (common === 'all') return unsynced;
      return common === 'none' ? 0 : random.below(unsynced + 1);
    },
  };
}

/** A size that is not synced may be there or not; half of the time it covers the sectors. */
function chooseSize(
  common: string | undefined,
  { durable, sizes }: DiskFile,
  sectors: readonly UnsyncedSector[],
  random: Random,
): number {
  const last = sizes.at(-1)?.size ?? durable.length;
  if (common === 'all') return last;
  const chosen = random.pick([durable.length, ...sizes.map(({ size }) => size)]);
  const step = sectors.at(-1)?.step ?? -1;
  const covering = sizes.findLast((size) => size.step <= step)?.size ?? chosen;
  return random.chance(0.5) ? covering : chosen;
}
