import { randomUUID } from 'node:crypto';

/** What a server without keys says at its start: that it is open, and how to place a bet. */
export function example(url: string, currency: string): string {
  const user = 'alice';
  const bet = {
    user,
    transaction_uuid: randomUUID(),
    request_uuid: randomUUID(),
    currency,
    amount: 100,
  };
  return [
    'Open for development: no PURSER_API_KEYS, so every program on this machine may call.',
    'Make a user and place a bet (amounts are in minor units):',
    '',
    curl(`${url}/users`, { users: [user] }),
    curl(`${url}/transaction/bet`, bet),
    '',
    '',
  ].join('\n');
}

/** The same where the wallet protocol demands signatures. */
export const openBeside =
  'Open for development but for signed routes: no PURSER_API_KEYS, so every program on this machine ' +
  'may call the others.\n';

function curl(url: string, body: unknown): string {
  return `curl -s ${url} -H 'content-type: application/json' -d '${JSON.stringify(body)}'`;
}
