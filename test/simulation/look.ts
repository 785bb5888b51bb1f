import type { Transaction } from '../../dist/engine/economy.js';
import type { Wallet } from '../../dist/engine/wallet.js';
import type { Line, Seen } from './history.js';

/** What a wallet tells about its players, with nothing under way. */
export async function look(wallet: Wallet, users: readonly string[]): Promise<Seen> {
  const lines = new Map<string, readonly Line[]>();
  const balances = new Map<string, number>();
  for (const user of users) {
    lines.set(user, await historyOf(wallet, user));
    balances.set(user, (await wallet.players.get(user))?.balance ?? Number.NaN);
  }
  return { lines, balances };
}

/** The whole history of a player, oldest first. */
async function historyOf(wallet: Wallet, user: string): Promise<readonly Line[]> {
  const lines: Line[] = [];
  let cursor: string | undefined;
  do {
    const page = await wallet.transactions.list(user, {
      limit: 7,
      ...(cursor !== undefined && { cursor }),
    });
    if (!page.ok) throw new Error(`no history of ${user}: ${page.code}`);
    for (const told of page.value.data) {
      const { amount, sign, balance_after: balance } = told;
      lines.push({ id: idOf(told), moved: amount === 0 ? 0 : sign * amount, balance });
    }
    cursor = page.value.next_cursor ?? undefined;
  } while (cursor !== undefined);
  return lines.reverse();
}

/** What the operation is known by that made a line: money that arrives has an id that nobody knows. */
function idOf({ type, transaction_id, order_id, player_id, counterparty }: Transaction): string {
  switch (type) {
    case 'OPENING':
      return `${type} ${player_id}`;
    case 'ORDER':
    case 'ORDER_REFUND':
      return `${type} ${order_id}`;
    case 'TRANSFER_IN':
      return `${type} ${counterparty}`;
    case 'TRANSFER_RETURN':
      return type;
    default:
      return transaction_id;
  }
}
