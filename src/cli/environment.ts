import { isUtf8 } from 'node:buffer';
import { existsSync, readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import { UsageError } from './usage.js';

const FILE = '.env';

/** Adds the variables of `.env` in the working directory that the environment does not have. */
export function loadEnvironment(): void {
  if (!existsSync(FILE)) return;
  for (const [name, value] of Object.entries(parseEnv(read()))) process.env[name] ??= value;
}

/** Editors of Windows begin a file with a mark, which would be a part of the first name. */
function read(): string {
  try {
    const bytes = readFileSync(FILE);
    if (isUtf8(bytes)) return bytes.toString().replace(/^\ufeff/, '');
  } catch (cause) {
    throw new UsageError(`${FILE} cannot be read`, { cause });
  }
  throw new UsageError(`${FILE} cannot be read: it is not UTF-8`);
}
