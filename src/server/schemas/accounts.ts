import { amount, answer, balance, count, quantity, text } from './parts.js';

/** The bodies of the game-wallet endpoints: camelCase, and unknown members are ignored. */
function loose(properties: Readonly<Record<string, object>>, required: readonly string[]) {
  return { type: 'object', required, properties } as const;
}

const username = { type: 'string', minLength: 1, maxLength: 255 } as const;
const password = { type: 'string', minLength: 1, maxLength: 1_024 } as const;

export const signupBody = loose(
  { username, password, referralCode: { type: ['string', 'null'], maxLength: 64 } },
  ['username', 'password'],
);
export const signedUp = answer({ userId: text, status: text, referralCode: text });

export const loginBody = loose({ username, password }, ['username', 'password']);
export const loggedIn = answer({ token: text, expiresIn: count });

export const balanceAnswer = answer({
  username: text,
  balance,
  version: count,
  referralCode: { type: ['string', 'null'] },
  inventory: answer({ goldCoins: count, treasureBoxes: count }),
});

export const topUpBody = loose({ amount }, ['amount']);
export const toppedUp = answer({ status: text, balance, version: count });

export const purchaseBody = loose({ item: { type: 'string', maxLength: 64 }, quantity }, ['item']);
export const purchased = answer({ status: text, balance, version: count, order_id: text });
