import {
  existingDirectory,
  genesisHash,
  lastKnown,
  partitionDirectory,
  supplyOf,
} from '../../dist/engine/data-directory.js';
import { Hash } from '../../dist/partitions/hash.js';
import type { Journal } from '../../dist/partitions/journal.js';
import { momentOf } from '../../dist/partitions/moment.js';
import { SharedIds } from '../../dist/partitions/shared-ids.js';
import { verifyPartition } from '../../dist/partitions/verify.js';

const watch = { frames: 64, onFrame: () => {} };

/**
 * The fault that `purser verify` tells of a directory, or none. It walks as the command does, in this
 * process: where pages may be damaged the command itself must be asked, for they end who reads them.
 */
export async function faultOf(dataDir: string): Promise<string | undefined> {
  const manifest = existingDirectory(dataDir);
  const ids = new SharedIds(new Hash(Buffer.from(manifest.seed, 'hex')));
  const places = Array.from({ length: manifest.partitions }, (_, partition) => ({
    ...{ directory: partitionDirectory(dataDir, partition), partition },
    ...{ partitions: manifest.partitions, supply: supplyOf(manifest, partition) },
    ...{ genesisHash: genesisHash(manifest, partition), known: lastKnown(manifest, partition) },
  }));
  const before = await momentOf(places.map(({ directory }) => directory));
  const journals: Journal[] = [];
  let transit = 0n;
  try {
    for (const place of places) {
      const { fault, books } = await verifyPartition({ ...place, before }, ids, journals, watch);
      if (fault !== undefined) return fault;
      transit += books.get('transit') ?? 0n;
    }
    return ids.transit.fault(transit);
  } finally {
    for (const journal of journals) await journal.close();
  }
}
