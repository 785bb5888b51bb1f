import { type VerifyReport, verifyDirectory } from '../engine/directory.js';
import { type Command, command, data } from './command.js';
import { withProgress } from './progress.js';

/** `purser verify`: exit 0, 1 with the place of the first fault, or 2 when it cannot tell. */
export const verify: Command = command(
  'checks every byte and every sum of a data directory',
  { data },
  async (values) => {
    const report = await withProgress((show) => verifyDirectory(values.data, show));
    process.stdout.write(`${describe(report)}\n`);
    if (!report.ok) process.stderr.write(`purser: fault: ${report.fault ?? 'unknown'}\n`);
    return report.ok ? 0 : 1;
  },
);

/** What was checked; after a fault, up to there. */
function describe(report: VerifyReport): string {
  const { partitions, frames, entries, users, orders, lots, accounts } = report;
  const total = Object.values(accounts).reduce((sum, balance) => sum + balance, 0n);
  return [
    row('partitions', partitions),
    row('frames', frames),
    row('entries', entries),
    row('users', users),
    row('orders', orders),
    row('entitlement lots', lots),
    ...Object.entries(accounts).map(([account, balance]) => row(account, balance)),
    row('total', total),
  ].join('\n');
}

function row(name: string, value: number | bigint): string {
  return `${name.padEnd(24)} ${String(value).padStart(20)}`;
}
