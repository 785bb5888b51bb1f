import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';

const root = resolve(import.meta.dirname, '..');
const program = join(root, 'dist-powerloss/powerloss/powerloss.js');
/** In memory where that is possible: hundreds of directories are made and judged. */
const images = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'purser-test-'));
const hasCompiler = process.platform === 'linux' && spawnSync('cc', ['--version']).status === 0;
const skipped = hasCompiler ? '' : ' (skipped: the recorder needs Linux and a C compiler)';

/** Builds the program that `npm run powerloss` runs at length. */
beforeAll(() => {
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  const options = ['-p', join(root, 'tsconfig.powerloss.json')];
  expect(spawnSync(process.execPath, [tsc, ...options], { encoding: 'utf8' }).stdout).toBe('');
});
afterAll(() => rmSync(images, { recursive: true, force: true }));

function powerloss(...args: readonly string[]): { code: number | null; said: string } {
  const all = [program, '--images', images, ...args];
  const { status, stdout, stderr } = spawnSync(process.execPath, all, { encoding: 'utf8' });
  // What it keeps for a person to look at, nobody will.
  const kept = /the recording: (\S+)/.exec(stdout)?.[1];
  if (kept !== undefined) rmSync(kept, { recursive: true });
  return { code: status, said: stdout + stderr };
}

test.skipIf(!hasCompiler)(
  `a power cut takes nothing that was answered${skipped}`,
  { timeout: 180_000 },
  () => {
    const { code, said } = powerloss('--runs', '1', '--rebuilds', '20');
    expect(said).toContain('20 rebuilds');
    // Not even what is a cache is damaged.
    expect(said).toContain(' 0 checkpoints set aside; 0 faults');
    expect(code).toBe(0);
  },
);

test.skipIf(!hasCompiler)(
  `with lmdb's own defaults a power cut takes what was answered${skipped}`,
  { timeout: 180_000 },
  () => {
    const { code, said } = powerloss(
      ...['--options', 'default', '--runs', '2', '--rebuilds', '600', '--faults', '1'],
    );
    expect(said).toContain('FAULT');
    expect(code).toBe(1);
  },
);
