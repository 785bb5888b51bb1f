import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type * as DataDirectory from '../../dist/engine/data-directory.js';
import type * as CheckpointStore from '../../dist/partitions/checkpoint-store.js';
import type * as DataFile from '../../dist/partitions/data-file.js';
import type * as Frame from '../../dist/partitions/frame.js';
import type * as Hash from '../../dist/partitions/hash.js';
import type * as Journal from '../../dist/partitions/journal.js';
import type * as JournalFile from '../../dist/partitions/journal-file.js';
import type * as Record from '../../dist/partitions/record.js';
import type * as Recovery from '../../dist/partitions/recovery.js';
import type * as SharedIds from '../../dist/partitions/shared-ids.js';
import type * as Verify from '../../dist/partitions/verify.js';

type All = typeof import('purser') &
  typeof DataDirectory &
  typeof CheckpointStore &
  typeof DataFile &
  typeof Frame &
  typeof Hash &
  typeof Journal &
  typeof JournalFile &
  typeof Record &
  typeof Recovery &
  typeof SharedIds &
  typeof Verify;

const FILES = [
  'index.js',
  'engine/data-directory.js',
  ...[
    'checkpoint-store',
    'data-file',
    'frame',
    'hash',
    'journal',
    'journal-file',
    'record',
    'recovery',
    'shared-ids',
    'verify',
  ].map((name) => `partitions/${name}.js`),
];

/** What a start is made of, from one build of the package: the built one, or a mutant. */
export type Parts = Readonly<All>;

export async function loadParts(dist: string): Promise<Parts> {
  const loaded = FILES.map((file) => import(pathToFileURL(join(dist, file)).href));
  return Object.assign({}, ...(await Promise.all(loaded))) as Parts;
}
