import type { Random } from './random.js';

export type Harm = (frame: Buffer, random: Random, frames: ReadonlyMap<number, Buffer>) => Buffer;

/** A bit turned over, a write torn off or lost inside, and one that went to the wrong place. */
export const harms: readonly Harm[] = [
  (frame, random) => {
    const damaged = Buffer.from(frame);
    const at = random.below(frame.length);
    damaged[at] = (damaged[at] as number) ^ (1 << random.below(8));
    return damaged;
  },
  (frame, random) => frame.subarray(0, random.below(frame.length)),
  (frame, random) => Buffer.from(frame).fill(0, random.below(frame.length)),
  (_frame, random, frames) => frames.get(1 + random.below(frames.size)) as Buffer,
];
