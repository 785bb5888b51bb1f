// Ends its process while a bet of a wallet in a worker thread is written, or when it is answered.
// Usage: node --import slow-write.mjs exit-above-wallet.mjs DIRECTORY
import { randomUUID } from 'node:crypto';
import {
  BroadcastChannel,
  isMainThread,
  parentPort,
  Worker,
  workerData,
} from 'node:worker_threads';

if (isMainThread) {
  const worker = new Worker(new URL(import.meta.url), { workerData: process.argv[2] });
  worker.once('message', () => {
    const exit = () => process.exit(7);
    worker.once('message', exit);
    new BroadcastChannel('writing').onmessage = exit;
    worker.postMessage('bet');
  });
} else {
  const { openWallet } = await import('purser');
  const wallet = await openWallet({ dataDir: workerData, partitions: 1 });
  await wallet.createUsers(['user']);
  parentPort.once('message', async () => {
    const ids = { transaction_uuid: randomUUID(), request_uuid: randomUUID() };
    await wallet.bet({ user: 'user', amount: 1, currency: 'USD', ...ids });
    parentPort.postMessage('answered');
  });
  parentPort.postMessage('open');
}
