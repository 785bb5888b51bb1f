import { existsSync, readFileSync } from 'node:fs';
import { limits } from '../limits.js';
import { OpenError } from './errors.js';

const LIMITS = '/proc/self/limits';
const GIB = 1024 ** 3;

/**
 * Throws where this process may not map what a partition reserves: LMDB would end it without a word.
 * Nothing of the reservation is memory or disk before it is used.
 */
export function checkAddressSpace(): void {
  if (!existsSync(LIMITS)) return;
  const most = /^Max address space +(\d+)/m.exec(readFileSync(LIMITS, 'utf8'))?.[1];
  const needed = limits.journal_map_bytes + limits.checkpoint_map_bytes;
  if (most === undefined || Number(most) >= needed) return;
  throw new OpenError(
    `a partition reserves ${needed / GIB} GiB of address space, and this process may have ` +
      `${Math.floor(Number(most) / GIB)}: raise the limit (ulimit -v, or LimitAS= of systemd)`,
  );
}
