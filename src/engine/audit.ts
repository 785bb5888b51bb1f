import { verifyDirectory } from './directory.js';
import type { Audit } from './economy.js';

const underWay = new Map<string, Promise<Audit>>();

/** Walks the journal as it is now, in a process of its own; whoever asks meanwhile gets the same. */
export function auditDirectory(dataDir: string): Promise<Audit> {
  const running = underWay.get(dataDir);
  if (running !== undefined) return running;
  const audit = run(dataDir).finally(() => underWay.delete(dataDir));
  underWay.set(dataDir, audit);
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
