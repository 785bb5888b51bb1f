// Closes a wallet while one of its threads recovers; prints as JSON what it was before and after.
// Usage: node --import fault.mjs thread-close.mjs DIRECTORY
import { randomUUID } from 'node:crypto';
import { BroadcastChannel } from 'node:worker_threads';
import { openWallet } from 'purser';

const wallet = await openWallet({ dataDir: process.argv[2], partitions: 2 });
const users = Array.from({ length: 8 }, (_, i) => `user${i}`);
await wallet.createUsers(users);
const states = () => wallet.health().partitions.map(({ state }) => state);
const faults = new BroadcastChannel('fault');
faults.unref();
faults.postMessage({ partition: 0, way: 'exit' });
while (states()[0] !== 'recovering') {
  const ids = () => ({ transaction_uuid: randomUUID(), request_uuid: randomUUID() });
  const bets = users.map((user) => wallet.bet({ user, amount: 1, currency: 'USD', ...ids() }));
  await Promise.allSettled(bets);
}
const before = states();
await wallet.close();
const after = states();
// Long enough for the thread that was on its way to come up, if nobody stopped it.
await new Promise((resolve) => setTimeout(resolve, 2_000));
console.log(JSON.stringify({ before, after, later: states() }));
process.exit(0);
