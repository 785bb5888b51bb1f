// Bets on two partitions while one of their threads dies; prints what came of it as JSON.
// Usage: node --import fault.mjs thread-death.mjs DIRECTORY WAY
import { randomUUID } from 'node:crypto';
import { BroadcastChannel } from 'node:worker_threads';
import { openWallet } from 'purser';

const [directory, way] = process.argv.slice(2);
const wallet = await openWallet({ dataDir: directory, partitions: 2, threadHeapMegabytes: 64 });
const users = Array.from({ length: 16 }, (_, i) => `user${i}`);
await wallet.createUsers(users);
const faults = new BroadcastChannel('fault');
faults.unref();

const attempts = [];
let served = 0;
let stop = false;

async function bettor(user) {
  while (!stop) {
    const body = {
      user,
      amount: 1,
      currency: 'USD',
      transaction_uuid: randomUUID(),
      request_uuid: randomUUID(),
    };
    const attempt = { body, errors: [], answer: undefined };
    attempts.push(attempt);
    while (attempt.answer === undefined) {
      try {
        attempt.answer = await wallet.bet(body);
        if (wallet.health().partitions[0].state === 'recovering') served += 1;
      } catch (error) {
        attempt.errors.push(error.code);
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    }
  }
}

const bettors = users.map(bettor);
await new Promise((resolve) => setTimeout(resolve, 200));
faults.postMessage({ partition: 0, way });
const deadline = Date.now() + 40_000;
while (wallet.health().partitions[0].restarts === 0 && Date.now() < deadline) {
  await new Promise((resolve) => setTimeout(resolve, 5));
}
while (!wallet.health().ok && Date.now() < deadline)
  await new Promise((resolve) => setTimeout(resolve, 5));
await new Promise((resolve) => setTimeout(resolve, 200));
stop = true;
await Promise.all(bettors);

let repeated = 0;
for (const { body, answer } of attempts) {
  const again = await wallet.bet(body);
  if (JSON.stringify(again) !== JSON.stringify(answer)) repeated += 1;
}
let wrong = 0;
for (const user of users) {
  const { balance } = await wallet.balance({ user, request_uuid: randomUUID() });
  const own = attempts.filter(({ body }) => body.user === user);
  if (balance !== 100_000 - own.length) wrong += 1;
}
const health = wallet.health().partitions;
const { total } = await wallet.books();
await wallet.close();
console.log(
  JSON.stringify({
    attempts: attempts.length,
    errors: [...new Set(attempts.flatMap(({ errors }) => errors))],
    servedMeanwhile: served,
    changedAnswers: repeated,
    wrongBalances: wrong,
    restarts: health.map(({ restarts }) => restarts),
    total: `${total}`,
  }),
);
