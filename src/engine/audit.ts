import { type VerifyReport, verifyDirectory } from './directory.js';
import type { Audit } from './economy.js';
import { closed, EngineError, OpenError } from './errors.js';

/** A walk under way, and the one that those wait for who asked during it. */
interface Walk {
  readonly audit: Promise<Audit>;
  next?: Promise<Audit>;
}

/**
 * Walks of a wallet's journal as it is when they begin, each in a process of its own. One at a time:
 * whoever asks meanwhile shares the next, which sees all that was answered before it was asked for.
 */
export class Audits {
  readonly #dataDir: string;
  readonly #closing = new AbortController();
  #underWay: Walk | undefined;

  constructor(dataDir: string) {
    this.#dataDir = dataDir;
  }

  run(): Promise<Audit> {
    const walk = this.#underWay;
    if (walk === undefined) return this.#begin();
    const begin = (): Promise<Audit> => this.#begin();
    walk.next ??= walk.audit.then(begin, begin);
    return walk.next;
  }

  /** Ends the walk under way, with its process: who waits hears that the wallet is closed. */
  async close(): Promise<void> {
    this.#closing.abort(closed());
    const { audit, next } = this.#underWay ?? {};
    await Promise.allSettled([audit, next]);
  }

  #begin(): Promise<Audit> {
    const audit = this.#walk().finally(() => {
      this.#underWay = undefined;
    });
    this.#underWay = { audit };
    return audit;
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
    if (!(error instanceof OpenError)) throw error;
    throw new EngineError('unavailable', error.message, { cause: error });
  }
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
