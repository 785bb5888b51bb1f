// A thread is ended whenever it serves again, for two seconds; prints how often it was started.
// Usage: node --import fault.mjs thread-again.mjs DIRECTORY
import { setTimeout as wait } from 'node:timers/promises';
import { BroadcastChannel } from 'node:worker_threads';
import { openWallet } from 'purser';

const wallet = await openWallet({ dataDir: process.argv[2], partitions: 1 });
const faults = new BroadcastChannel('fault');
faults.unref();
const end = () => faults.postMessage({ partition: 0, way: 'exit' });
let isOver = false;
wallet.watch(({ state }) => {
  if (state === 'serving' && !isOver) end();
});
end();
await wait(2_000);
isOver = true;
await wallet.createUsers(['alice']);
console.log(wallet.health().partitions[0].restarts);
await wallet.close();
