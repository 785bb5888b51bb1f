import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { projectRoot } from './support/mutant.js';

const root = projectRoot(import.meta.url);

beforeAll(() => {
  const typescript = createRequire(import.meta.url).resolve('typescript/package.json');
  const tsc = join(dirname(typescript), 'bin/tsc');
  const { status, stdout } = run(tsc, '-p', join(root, 'tsconfig.simulation.json'));
  expect(status, stdout).toBe(0);
});

function run(...args: readonly string[]): {
  readonly status: number | null;
  readonly stdout: string;
} {
  const { status, stdout } = spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8' });
  return { status, stdout };
}

function simulate(...args: readonly string[]): ReturnType<typeof run> {
  return run(join(root, 'dist-simulation/simulation/main.js'), ...args);
}

test('50 histories with crashes, dying threads, failing disks and torn writes lose nothing', () => {
  const { status, stdout } = simulate('--seeds', '50');
  expect(stdout).toContain('50 histories');
  expect(stdout).toMatch(/ [1-9]\d* torn frames, [1-9]\d* torn values of checkpoints/);
  expect(status, stdout).toBe(0);
}, 120_000);

test('a crash after any event of a history loses nothing', () => {
  const { status, stdout } = simulate('--every-step', '--seeds', '1');
  expect(stdout).toContain('nothing lost, nothing twice');
  expect(status, stdout).toBe(0);
}, 120_000);

/** All of them take longer: `.ci/run` asks for them. */
test('the simulation finds a deliberate fault', () => {
  const { status, stdout } = simulate('--mutations', '--only', 'answers before');
  expect(stdout).toContain('1 of 1 found');
  expect(status, stdout).toBe(0);
});
