import cluster from 'node:cluster';
import { openWallet } from 'purser';

/** Two workers of a cluster open one data directory: `node cluster.mjs DIRECTORY` prints what each is told. */
const [dataDir] = process.argv.slice(2);

async function open() {
  try {
    const wallet = await openWallet({ dataDir, partitions: 1 });
    process.send('opened');
    process.once('message', () => void wallet.close().then(() => process.disconnect()));
  } catch (error) {
    process.send(error.message);
    process.once('message', () => process.disconnect());
  }
}

if (cluster.isPrimary) {
  const workers = [cluster.fork(), cluster.fork()];
  const told = await Promise.all(
    workers.map((worker) => new Promise((resolve) => worker.once('message', resolve))),
  );
  console.log(told.sort().join('\n'));
  for (const worker of workers) worker.send('end');
} else {
  await open();
}
