import type { DiskFault } from './disk.js';
import type { Op } from './history.js';
import type { Plan } from './house.js';
import { planOps } from './plan.js';
import { Random } from './random.js';

/** What goes wrong, and after which event. */
export interface Mishap {
  readonly step: number;
  readonly what: 'crash' | 'thread' | 'full' | 'rots' | DiskFault;
  readonly partition: number;
}

/** A history before it happens; one with fewer operations or mishaps is one too. */
export interface Script {
  readonly seed: number;
  readonly plan: Plan;
  readonly users: readonly string[];
  readonly ops: readonly Op[];
  readonly mishaps: readonly Mishap[];
}

const STEPS_PER_OP = 16;
const MISHAPS = [
  'crash',
  'crash',
  'crash',
  'thread',
  'full',
  'fails',
  'refuses',
  'repeats',
  'hangs',
  'tears',
  'tears',
  'rots',
  'rots',
] as const;

/** The history of a seed. */
export function script(seed: number, length: number): Script {
  const random = new Random(seed * 2 + 1);
  const partitions = 1 + random.below(3);
  const users = ['ann', 'ben', 'cleo', 'dan'].slice(0, 2 + random.below(3));
  const dialect = random.chance(0.5) ? 'exwallet' : 'hub88';
  const mishaps = Array.from({ length: random.below(8) }, () => ({
    step: random.below(length * STEPS_PER_OP),
    what: random.pick(MISHAPS),
    partition: random.below(partitions),
  }));
  return {
    seed,
    plan: { dialect, partitions, initialBalance: 60 + random.below(60) },
    users,
    ops: planOps(seed, length, users),
    mishaps,
  };
}
