// Wins and rollbacks on bets whose frames are no longer in memory. `write` ends without a close;
// `read` opens again and prints as JSON what it finds.
// Usage: node --import small-ring.mjs old-frames.mjs write|read DIRECTORY
import { randomUUID } from 'node:crypto';
import { openWallet } from 'purser';

const LISTS = 40;
const [, , what, dataDir] = process.argv;
const wallet = await openWallet({ dataDir, partitions: 1 });

function body(id, reference) {
  const ids = { transaction_uuid: id, request_uuid: randomUUID() };
  const optional = reference === undefined ? {} : { reference_transaction_uuid: reference };
  return { user: 'alice', currency: 'USD', amount: 1, round: 'r'.repeat(100), ...ids, ...optional };
}

if (what === 'write') {
  await wallet.createUsers(['alice']);
  const bets = [];
  for (let i = 0; i < LISTS; i++) {
    const list = Array.from({ length: 20 }, () => ({ op: 'bet', ...body(randomUUID()) }));
    await wallet.batch(list);
    bets.push(list[0].transaction_uuid);
  }
  const wins = bets.map((bet) => ({ op: 'win', ...body(randomUUID(), bet) }));
  await wallet.batch(wins);
  const undone = wins.map((win) => ({
    op: 'rollback',
    ...body(randomUUID(), win.transaction_uuid),
  }));
  await wallet.batch(undone);
  // Each bet may be won again, for its win was undone.
  const again = await wallet.batch(bets.map((bet) => ({ op: 'win', ...body(randomUUID(), bet) })));
  console.log(JSON.stringify(again.map(({ status }) => status)));
  process.exit();
}
const { balance } = await wallet.balance(body(randomUUID()));
const { ok, fault } = await wallet.audit();
console.log(JSON.stringify({ balance, ok, fault }));
await wallet.close();
