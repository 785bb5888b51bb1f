import { existsSync } from 'node:fs';
import { UsageError } from './usage.js';

const FILE = '.env';

/** Adds the variables of `.env` in the working directory that the environment does not have. */
export function loadEnvironment(): void {
  if (!existsSync(FILE)) return;
  try {
    process.loadEnvFile(FILE);
  } catch (cause) {
    throw new UsageError(`${FILE} cannot be read`, { cause });
  }
}
