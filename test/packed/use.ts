import { randomUUID } from 'node:crypto';
import { type Answer, openWallet, type Wallet } from 'purser';

const wallet: Wallet = await openWallet({ dataDir: './data' });
await wallet.createUsers(['user1']);
const answer: Answer = await wallet.bet({
  user: 'user1',
  currency: 'USD',
  amount: 10_000,
  transaction_uuid: randomUUID(),
  request_uuid: randomUUID(),
});
await wallet.close();
if (answer.balance !== 90_000) throw new Error(`balance ${answer.balance}`);
console.log('the packed package places a bet');
