import { type VerifyReport, verifyDirectory } from './directory.js';
import type { Audit } from './economy.js';
import { closed, EngineError, OpenError } from './errors.js';
import { Shared } from './shared.js';

/**
 * Walks of a wallet's journal as it is when they begin, each in a process of its own: one at a time.
 */
export class Audits {
  readonly #dataDir: string;
  readonly #closing = new AbortController();
  readonly #walks = new Shared(() => this.#walk());

  constructor(dataDir: string) {
    this.#dataDir = dataDir;
  }

  run(): Promise<Audit> {
    return this.#walks.get();
  }

  /** Ends the walk under way, with its process: who waits hears that the wallet is closed. */
  async close(): Promise<void> {
    this.#closing.abort(closed());
    await this.#walks.ended();
  }

  async #walk(): Promise<Audit> {
    const { signal } = this.#closing;
    signal.throwIfAborted();
    return auditOf(await verified(this.#dataDir, signal));
  }
}

/** The only exception of an open wallet is an EngineError. */
async function verified(dataDir: string, signal: AbortSignal): Promise<VerifyReport> {
  try {
    return await verifyDirectory(dataDir, undefined, signal);
  } catch (error) {
    if (!(error instanceof OpenError) && !isOfSystem(error)) throw error;
    throw new EngineError('unavailable', error.message, { cause: error });
  }
}

/** Of files or processes that there are no more of: the walk did not begin. */
function isOfSystem(error: unknown): error is Error {
  return error instanceof Error && 'syscall' in error;
}

function auditOf(report: VerifyReport): Audit {
  const { ok, fault, position, entries, users, orders, lots, accounts } = report;
  const total = Object.values(accounts).reduce((sum, value) => sum + value, 0n);
  const texts = Object.entries(accounts).map(([name, value]) => [name, value.toString()]);
  return {
    ok,
    ...(fault !== undefined && { fault }),
    position,
    entries,
    players: users,
    orders,
    entitlements: lots,
    accounts: Object.fromEntries(texts),
    total: total.toString(),
    in_transit: {
      messages: report.underWay.messages,
      amount: report.underWay.amount.toString(),
    },
  };
}
