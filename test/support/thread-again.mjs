// A thread is ended whenever it serves again, five times; prints the seconds that this took.
// Usage: node --import fault.mjs thread-again.mjs DIRECTORY
import { BroadcastChannel } from 'node:worker_threads';
import { openWallet } from 'purser';

const wallet = await openWallet({ dataDir: process.argv[2], partitions: 1 });
const faults = new BroadcastChannel('fault');
faults.unref();
const end = () => faults.postMessage({ partition: 0, way: 'exit' });
const start = performance.now();
const fiveTimes = new Promise((resolve) => {
  wallet.watch(({ state, restarts }) => {
    if (state !== 'serving') return;
    if (restarts < 5) end();
    else resolve();
  });
});
end();
// A wallet alone does not keep a process alive.
const alive = setInterval(() => {}, 1_000);
await fiveTimes;
clearInterval(alive);
console.log((performance.now() - start) / 1_000);
await wallet.createUsers(['alice']);
await wallet.close();
