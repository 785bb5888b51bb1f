import { EngineError, openWallet, type Wallet } from 'purser';
import { PLAYERS } from './world.js';

/** What a wallet says of its players, part by part; a part that it will not say is absent. */
export type Told = ReadonlyMap<string, string>;

/** Opens a data directory and asks for everything; rejects as opening does. */
export async function tell(dataDir: string): Promise<Told> {
  const wallet = await openWallet({ dataDir });
  const told = new Map<string, string>();
  try {
    for (const [name, ask] of questions(wallet)) {
      // The first one may be what finds the damage.
      const answer = (await ask().catch(refusal)) ?? (await ask().catch(refusal));
      if (answer !== undefined) told.set(name, JSON.stringify(answer));
    }
    return told;
  } finally {
    // A partition that has failed does not close as one that serves.
    await wallet.close().catch(refusal);
  }
}

type Question = readonly [name: string, ask: () => Promise<unknown>];

function questions(wallet: Wallet): Question[] {
  const { players, transactions, orders, entitlements, accounts } = wallet;
  const books = async () => String(Object.entries((await wallet.books()).accounts));
  const ofPlayers = [...PLAYERS, 'dora', 'emil', 'nobody'].flatMap((player): Question[] => [
    [`the player ${player}`, () => players.get(player)],
    [`the balance of ${player}`, () => accounts.balance(player)],
    [`the transactions of ${player}`, () => transactions.list(player, { limit: 200 })],
    [`the orders of ${player}`, () => orders.list(player, { limit: 200 })],
    [`the entitlements of ${player}`, () => entitlements.list(player, { limit: 200 })],
  ]);
  return [['the books', books], ['the items', () => wallet.items.list()], ...ofPlayers];
}

function refusal(error: unknown): undefined {
  if (!(error instanceof EngineError)) throw error;
}

/** Where one is not as the other; what one of them does not say is `unsaid`. */
export function difference(right: Told, other: Told): { wrong?: string; unsaid?: string } {
  for (const [name, answer] of right) {
    const told = other.get(name);
    if (told === undefined) return { unsaid: name };
    if (told !== answer)
      return { wrong: `${name}: ${told.slice(0, 300)}, not ${answer.slice(0, 300)}` };
  }
  return {};
}
