import { existsSync, readFileSync } from 'node:fs';

const LIMITS = '/proc/self/limits';

/** What this process may have, by the system's name for it; undefined where nothing bounds it. */
export function processLimit(name: string): number | undefined {
  if (!existsSync(LIMITS)) return undefined;
  const told = new RegExp(`^${name} +(\\d+)`, 'm').exec(readFileSync(LIMITS, 'utf8'))?.[1];
  return told === undefined ? undefined : Number(told);
}
