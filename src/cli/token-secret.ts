import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeDurably } from '../engine/durable-file.js';
import { reasonOf } from '../partitions/fault.js';
import { readTokenSecret } from '../server/settings.js';
import { UsageError } from './usage.js';

const FILE = 'jwt-secret';
const SECRET_BYTES = 48;

/** The secret of a data directory's own, made when it is first needed; for its owner alone. */
export function ownTokenSecret(dataDir: string): string {
  const path = join(dataDir, FILE);
  if (!existsSync(path)) writeDurably(path, `${randomBytes(SECRET_BYTES).toString('base64url')}\n`);
  try {
    return readTokenSecret(readFileSync(path, 'utf8').trim());
  } catch (cause) {
    const reason = `${path} cannot be used: it ${reasonOf(cause)}; without it a new one is made`;
    throw new UsageError(reason, { cause });
  }
}
