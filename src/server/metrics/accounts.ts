import { setTimeout } from 'node:timers/promises';
import { EngineError } from '../../engine/errors.js';
import type { Books } from '../../engine/wallet.js';
import { limits } from '../limits.js';
import { type Family, gauge } from './exposition.js';

/** What the system accounts hold; no family while a partition cannot say it, or not soon. */
export async function accountFamilies(read: () => Promise<Books>): Promise<Family[]> {
  const late = setTimeout(limits.books_ms, undefined, { ref: false });
  const books = await Promise.race([read().catch(unsaid), late]);
  if (books === undefined) return [];
  const { players: _, ...accounts } = books.accounts;
  const samples = Object.entries(accounts).map(([account, value]) => ({
    labels: { account },
    value,
  }));
  const help = 'Balance of a system account; below zero it has paid more than it got';
  return [gauge('purser_account_minor_units', help, samples)];
}

function unsaid(error: unknown): undefined {
  if (!(error instanceof EngineError)) throw error;
}
