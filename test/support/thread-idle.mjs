// Two threads end unasked: one while it has nothing to do, one when it has done a transfer and nobody
// has heard of it. Prints as JSON what the wallet is then, with no further command to it.
// Usage: node --import fault.mjs thread-idle.mjs DIRECTORY
import { BroadcastChannel } from 'node:worker_threads';
import { openWallet } from 'purser';

const wallet = await openWallet({ dataDir: process.argv[2], partitions: 2 });
const users = Array.from({ length: 16 }, (_, i) => `user${i}`);
await wallet.createUsers(users);
const faults = new BroadcastChannel('fault');
faults.unref();
const restartsOf = () => wallet.health().partitions.map(({ restarts }) => restarts);

/** Waits until something holds, for a while. */
async function until(holds) {
  for (let i = 0; i < 1_000 && !(await holds()); i++) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

faults.postMessage({ partition: 1, way: 'exit' });
await until(() => restartsOf()[1] === 1 && wallet.health().ok);
const idle = restartsOf();

faults.postMessage({ partition: 0, way: 'unheard' });
await new Promise((resolve) => setTimeout(resolve, 200));
// One of them is in partition 0, and the money of all arrives.
const sent = users.map((user, i) => {
  const to = users[(i + 1) % users.length];
  return wallet.transfers
    .create(user, { to, amount: 1 }, { idempotencyKey: 'k' })
    .then(({ ok }) => ok)
    .catch(({ code }) => code);
});
const answers = [...new Set(await Promise.all(sent))].sort();
await until(async () => wallet.health().ok && (await wallet.books()).accounts.transit === 0n);
const { accounts } = await wallet.books();
const after = restartsOf();
await wallet.close();
console.log(JSON.stringify({ idle, answers, after, transit: `${accounts.transit}` }));
