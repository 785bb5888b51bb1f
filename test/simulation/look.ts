import type { Transaction } from '../../dist/engine/economy.js';
import type { Wallet } from '../../dist/engine/wallet.js';
import type { Disk } from './disk.js';
import type { Line, Seen } from './history.js';
import type { Modules } from './house.js';

/** What a wallet tells about its players, with nothing under way. */
export async function look(
  wallet: Wallet,
  users: readonly string[],
  versions: Versions,
): Promise<Seen> {
  const lines = new Map<string, readonly Line[]>();
  const balances = new Map<string, number>();
  for (const user of users) {
    lines.set(user, await historyOf(wallet, user, versions));
    balances.set(user, (await wallet.players.get(user))?.balance ?? 0);
  }
  return { lines, balances };
}

/** Which version of its player each transaction made. */
type Versions = ReadonlyMap<string, number>;

/**
 * What the history does not tell, and what only the journal knows of bets: it says where entries
 * stand that are no lines. If it were wrong, no order of the answers would be right.
 */
export function versionsIn(modules: Modules, disks: readonly Disk[]): Versions {
  const { Currencies, eachEntry, openFrame, readRequestEntry } = modules;
  const versions = new Map<string, number>();
  for (const frame of disks.flatMap(({ frames }) => [...frames.values()])) {
    const bytes = openFrame(frame);
    eachEntry(bytes, (at) => {
      const { player, id, version } = readRequestEntry(bytes, at, new Currencies());
      versions.set(`${player} tx_${id}`, version);
    });
  }
  return versions;
}

/** The whole history of a player, oldest first. */
async function historyOf(
  wallet: Wallet,
  user: string,
  versions: Versions,
): Promise<readonly Line[]> {
  const lines: Line[] = [];
  let cursor: string | undefined;
  let last = Infinity;
  do {
    const page = await wallet.transactions.list(user, {
      limit: 7,
      ...(cursor !== undefined && { cursor }),
    });
    if (!page.ok && page.code === 'player_not_found') return [];
    if (!page.ok) throw new Error(`no history of ${user}: ${page.code}`);
    for (const told of page.value.data) {
      const { amount, sign, balance_after: balance, transaction_id } = told;
      const version = versions.get(`${user} ${transaction_id}`) ?? Infinity;
      if (version >= last) throw new Error(`${transaction_id} of ${user} stands where it is not`);
      last = version;
      lines.push({ id: idOf(told), moved: amount === 0 ? 0 : sign * amount, balance, version });
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
