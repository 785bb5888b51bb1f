import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { openCheckpoints } from '../../dist/partitions/checkpoint-store.js';
import { Checkpointer } from '../../dist/partitions/checkpointer.js';
import { openFrame, readFrameHeader } from '../../dist/partitions/frame.js';
import { openJournal } from '../../dist/partitions/journal.js';
import { recover } from '../../dist/partitions/recovery.js';
import type { PartitionOptions } from '../../dist/partitions/slots.js';

/** The first partition of a directory as its thread has it, in this thread. */
export function openPartition(dataDir: string) {
  const directory = join(dataDir, 'partition-0');
  const journal = openJournal(join(directory, 'journal'), { durability: 'process' });
  const checkpoints = openCheckpoints(directory, 'process');
  const { seed } = JSON.parse(readFileSync(join(dataDir, 'manifest.json'), 'utf8'));
  const first = openFrame(journal.read(1) as Uint8Array);
  const options = {
    ...{ directory, partition: 0, durability: 'process', dialect: 'exwallet' },
    ...{ seed: Buffer.from(seed, 'hex'), genesisHash: readFrameHeader(first).previous },
    progress: new SharedArrayBuffer(16),
  } as unknown as PartitionOptions;
  const recovered = () => recover(options, journal, checkpoints);
  const { state, replayed } = recovered();
  const checkpointer = new Checkpointer(state, journal, checkpoints, replayed);
  const close = async (): Promise<void> => {
    await journal.close();
    await checkpoints.close();
  };
  return { state, journal, checkpoints, checkpointer, recovered, close };
}
