import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { expect, test } from 'vitest';

const src = resolve(import.meta.dirname, '../src');
const rooms = ['ledger', 'partitions', 'engine', 'server', 'cli'];

interface Import {
  readonly file: string;
  readonly target: string;
}

/** Every import of every source file; relative ones as paths within `src`. */
const imports: Import[] = readdirSync(src, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts'))
  .flatMap((file) => {
    const text = readFileSync(join(src, file), 'utf8');
    const targets = [...text.matchAll(/(?:from |import |import\()'([^']+)'/g)].map(
      ([, target]) => target,
    );
    return targets.map((target = '') => ({
      file,
      target: target.startsWith('.') ? relative(src, join(src, dirname(file), target)) : target,
    }));
  });

function roomOf(path: string): number {
  return rooms.indexOf(path.split('/')[0] ?? '');
}

test('finds the imports it is about', () => {
  expect(imports.length).toBeGreaterThan(100);
});

test('arrows run one way: cli and server, engine, partitions, ledger', () => {
  const back = imports.filter(({ file, target }) => {
    const [from, to] = [roomOf(file), roomOf(target)];
    return from >= 0 && to >= 0 && to > from;
  });
  expect(back).toEqual([]);
});

test('the server takes types from the engine, and reaches no further down', () => {
  const deep = imports.filter(({ file, target }) => {
    return file.startsWith('server/') && /^(partitions|ledger)\//.test(target);
  });
  expect(deep).toEqual([]);
});

test('the ledger is pure: no clock, randomness, threads, files or network', () => {
  const impure = imports.filter(({ file, target }) => {
    const outside = roomOf(target) === -1 && target !== 'node:assert/strict';
    return file.startsWith('ledger/') && outside && !target.startsWith('limits');
  });
  expect(impure).toEqual([]);
  for (const file of readdirSync(join(src, 'ledger'))) {
    const text = readFileSync(join(src, 'ledger', file), 'utf8');
    expect(text, file).not.toMatch(/Date\b|Math\.random|process\.|setTimeout|performance/);
  }
});

test('no two files import each other, directly or around', () => {
  const graph = new Map<string, string[]>();
  for (const { file, target } of imports) {
    const path = target.replace(/\.js$/, '.ts');
    if (target.endsWith('.js')) graph.set(file, [...(graph.get(file) ?? []), path]);
  }
  const cycles: string[] = [];
  const visit = (file: string, trail: readonly string[]): void => {
    if (trail.includes(file)) cycles.push([...trail.slice(trail.indexOf(file)), file].join(' → '));
    else for (const next of graph.get(file) ?? []) visit(next, [...trail, file]);
  };
  visit('main.ts', []);
  expect(withoutTypes(cycles)).toEqual([]);
});

/** Cycles that remain when imports of types alone are left out. */
function withoutTypes(cycles: readonly string[]): string[] {
  const isType = (from: string, to: string): boolean => {
    const text = readFileSync(join(src, from), 'utf8');
    const name = to.split('/').at(-1)?.replace(/\.ts$/, '.js') ?? '';
    return new RegExp(`import type [^;]*${name.replace('.', '\\.')}'`).test(text);
  };
  return cycles.filter((cycle) => {
    const files = cycle.split(' → ');
    return files.every((file, i) => i === 0 || !isType(files[i - 1] ?? '', file));
  });
}

test.each([
  ['fastify', /^server\//],
  ['piscina', /^engine\/pool\.ts$/],
  ['lmdb', /^partitions\/environment\.ts$/],
])('%s has one door', (dependency, door) => {
  const users = imports.filter(({ target }) => target === dependency).map(({ file }) => file);
  expect(users.length).toBeGreaterThan(0);
  expect(users.filter((file) => !door.test(file))).toEqual([]);
});
