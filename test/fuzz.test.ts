import { mkdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parts } from './fuzz/parts.js';
import { newDirectory } from './support/directory.js';

/** Always the same inputs, few of them; `npm run fuzz` tries others for as long as one likes. */
const SEED = 20_261;

test.each([
  ['structure', 2, 'a request made from the schemas, valid or broken, gets a documented answer'],
  ['msgpack', 3, 'a damaged MessagePack body gets a documented answer'],
  ['bytes', 60, 'damaged bytes get a 4xx or a closed connection, and others are served'],
  ['stored', 2, 'a damaged frame or checkpoint value is refused with its place, or does no harm'],
])(
  '%s, %i inputs of a kind: %s',
  async (name, runs) => {
    const scratch = newDirectory();
    mkdirSync(scratch);
    const tried = await parts[name]?.run(scratch, { seed: SEED, runs });
    expect(tried?.faults).toEqual([]);
    expect(tried?.inputs).toBeGreaterThanOrEqual(runs);
  },
  180_000,
);
