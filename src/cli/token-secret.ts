import { randomBytes } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { readTokenSecret } from '../server/tokens.js';
import { UsageError } from './usage.js';

const FILE = 'jwt-secret';
const SECRET_BYTES = 48;

/** The secret of a data directory's own, made when it is first needed; for its owner alone. */
export function ownTokenSecret(dataDir: string): string {
  const path = join(dataDir, FILE);
  if (!existsSync(path)) write(path, `${randomBytes(SECRET_BYTES).toString('base64url')}\n`);
  try {
    return readTokenSecret(readFileSync(path, 'utf8').trim());
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new UsageError(`${path} cannot be used: it ${reason}; without it a new one is made`, {
      cause,
    });
  }
}

/** Under its name only when it is on the disk: a power cut leaves no half secret. */
function write(path: string, text: string): void {
  const file = openSync(`${path}.new`, 'w', 0o600);
  writeFileSync(file, text);
  fsyncSync(file);
  closeSync(file);
  renameSync(`${path}.new`, path);
  const directory = openSync(dirname(path), 'r');
  fsyncSync(directory);
  closeSync(directory);
}
