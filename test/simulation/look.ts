import type { Wallet } from '../../dist/engine/wallet.js';
import type { Line, Seen } from './oracle.js';

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
    for (const { transaction_id, type, order_id, sign, amount, ...rest } of page.value.data) {
      const isOrder = type === 'ORDER' || type === 'ORDER_REFUND';
      const id = isOrder ? `${type} ${order_id}` : transaction_id;
      const { balance_after: balance, counterparty } = rest;
      lines.push({ id, type, moved: amount === 0 ? 0 : sign * amount, balance, counterparty });
    }
    cursor = page.value.next_cursor ?? undefined;
  } while (cursor !== undefined);
  return lines.reverse();
}
