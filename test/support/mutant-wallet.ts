import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { openWallet } from 'purser';
import { afterAll } from 'vitest';
import { type Mutation, mutate, projectRoot } from './mutant.js';

const removals: (() => void)[] = [];

afterAll(() => {
  for (const remove of removals.splice(0)) remove();
});

/** `openWallet` of a copy of the package with deliberate faults, loaded beside the one without. */
export async function withFaults(
  ...mutations: readonly Omit<Mutation, 'name'>[]
): Promise<typeof openWallet> {
  const named = mutations.map((mutation) => ({ name: mutation.replace, ...mutation }));
  const mutant = mutate(projectRoot(import.meta.url), ...named);
  removals.push(mutant.remove);
  const index = pathToFileURL(join(mutant.dist, 'index.js')).href;
  return ((await import(index)) as { readonly openWallet: typeof openWallet }).openWallet;
}
