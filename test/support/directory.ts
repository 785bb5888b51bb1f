import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach } from 'vitest';

const made: string[] = [];

afterEach(() => {
  for (const directory of made.splice(0)) rmSync(directory, { recursive: true, force: true });
});

/** A path for a data directory that does not exist yet; gone after the test. */
export function newDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'purser-test-'));
  made.push(directory);
  return join(directory, 'data');
}
