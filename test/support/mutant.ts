import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** One deliberate fault: in a compiled file, one text for another. */
export interface Mutation {
  readonly name: string;
  /** Below `dist/`. */
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

export interface Mutant {
  /** The copy of `dist/` that has the fault. */
  readonly dist: string;
  remove(): void;
}

/** This project's root, from a compiled test program or from its source. */
export function projectRoot(from: string): string {
  let directory = fileURLToPath(new URL('.', from));
  while (!isRoot(directory)) directory = join(directory, '..');
  return directory;
}

function isRoot(directory: string): boolean {
  try {
    const file = readFileSync(join(directory, 'package.json'), 'utf8');
    return (JSON.parse(file) as { name?: string }).name === 'purser';
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}

/** Copies the built package and puts a fault into the copy. Throws unless its text is there once. */
export function mutate(root: string, ...mutations: readonly Mutation[]): Mutant {
  const directory = mkdtempSync(join(tmpdir(), 'purser-mutant-'));
  const dist = join(directory, 'dist');
  const filter = (path: string): boolean => !path.endsWith('.d.ts');
  cpSync(join(root, 'dist'), dist, { recursive: true, filter });
  cpSync(join(root, 'package.json'), join(directory, 'package.json'));
  symlinkSync(join(root, 'node_modules'), join(directory, 'node_modules'));
  for (const { name, file, find, replace } of mutations) {
    const path = join(dist, file);
    const parts = readFileSync(path, 'utf8').split(find);
    if (parts.length !== 2) {
      throw new Error(`'${name}': ${file} has its text ${parts.length - 1} times, not once`);
    }
    writeFileSync(path, parts.join(replace));
  }
  return { dist, remove: () => rmSync(directory, { recursive: true, force: true }) };
}
