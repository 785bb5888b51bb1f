import { verifyDirectory } from './directory.js';
import type { Audit } from './economy.js';

/** A walk under way, and the one that those wait for who asked during it. */
interface Walk {
  readonly audit: Promise<Audit>;
  next?: Promise<Audit>;
}

const underWay = new Map<string, Walk>();

/**
 * Walks the journal as it is now, in a process of its own. One at a time: whoever asks meanwhile
 * shares the next, which sees all that was answered before it was asked for.
 */
export function auditDirectory(dataDir: string): Promise<Audit> {
  const walk = underWay.get(dataDir);
  if (walk === undefined) return begin(dataDir);
  walk.next ??= walk.audit.then(
    () => begin(dataDir),
    () => begin(dataDir),
  );
  return walk.next;
}

function begin(dataDir: string): Promise<Audit> {
  const audit = run(dataDir).finally(() => underWay.delete(dataDir));
  underWay.set(dataDir, { audit });
  return audit;
}

async function run(dataDir: string): Promise<Audit> {
  const report = await verifyDirectory(dataDir);
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
