// Ends its process while the thread of its wallet writes.
// Usage: node --import slow-write.mjs exit-writing.mjs DIRECTORY exit|exception
import { randomUUID } from 'node:crypto';
import { BroadcastChannel } from 'node:worker_threads';
import { openWallet } from 'purser';

const [, , dataDir, way] = process.argv;
const wallet = await openWallet({ dataDir, partitions: 1 });
await wallet.createUsers(['user']);
new BroadcastChannel('writing').onmessage = () => {
  if (way === 'exit') process.exit(7);
  throw new Error('nobody catches it');
};
const ids = { transaction_uuid: randomUUID(), request_uuid: randomUUID() };
void wallet.bet({ user: 'user', amount: 1, currency: 'USD', ...ids });
