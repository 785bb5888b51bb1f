import type { Random } from './random.js';

export type Harm = (bytes: Buffer, random: Random, frames: ReadonlyMap<number, Buffer>) => Buffer;

/** A bit turned over, a write torn off, and one that was lost inside. */
const tears: readonly Harm[] = [
  (bytes, random) => {
    const damaged = Buffer.from(bytes);
    const at = random.below(bytes.length);
    damaged[at] = (damaged[at] as number) ^ (1 << random.below(8));
    return damaged;
  },
  (bytes, random) => bytes.subarray(0, random.below(bytes.length)),
  (bytes, random) => Buffer.from(bytes).fill(0, random.below(bytes.length)),
];

/** And one that went to the wrong place. */
export const harms: readonly Harm[] = [
  ...tears,
  (_bytes, random, frames) => frames.get(1 + random.below(frames.size)) as Buffer,
];

/** Bytes of which something was cut off, zeroed or turned over: now and then they are the same. */
export function tear(bytes: Buffer, random: Random): Buffer {
  return random.pick(tears)(bytes, random, new Map());
}
