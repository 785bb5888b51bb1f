import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach } from 'vitest';

const ofTest: string[] = [];
const ofFile: string[] = [];

afterEach(() => remove(ofTest));
afterAll(() => remove(ofFile));

/** A path for a data directory that does not exist yet; gone after the test. */
export function newDirectory(): string {
  return within(ofTest);
}

/** The same for a server that all tests of a file share; gone after the last one. */
export function sharedDirectory(): string {
  return within(ofFile);
}

function within(made: string[]): string {
  const directory = mkdtempSync(join(tmpdir(), 'purser-test-'));
  made.push(directory);
  return join(directory, 'data');
}

function remove(made: string[]): void {
  for (const directory of made.splice(0)) rmSync(directory, { recursive: true, force: true });
}
