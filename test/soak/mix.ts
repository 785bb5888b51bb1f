import { randomUUID } from 'node:crypto';
import { get, post } from '../load/line.js';

export const users: readonly string[] = Array.from({ length: 1_000 }, (_, i) => `soak${i}`);
const REMEMBERED_BETS = 1_000;

/** A request, and the entries that it makes when it is accepted. */
export interface Made {
  readonly kind: string;
  readonly text: string;
  readonly entries: number;
}

interface Bet {
  readonly user: string;
  readonly id: string;
}

/** Out of a hundred requests. A transfer is an entry of the sender, one of the recipient, and its end. */
const shares = [
  ['bet', 40],
  ['win', 15],
  ['rollback', 5],
  ['credit', 8],
  ['spend', 8],
  ['order', 4],
  ['transfer', 6],
  ['balance', 8],
  ['history', 6],
] as const;

type Kind = (typeof shares)[number][0];

/** Makes the mix of requests, under fresh ids. */
export class Mix {
  #bets: Bet[] = [];

  next(): Made {
    const kind = kindAt(Math.random() * 100);
    return { kind, text: this.#text(kind), entries: entriesOf(kind) };
  }

  #text(kind: Kind): string {
    const user = pick(users);
    const player = `/v1/players/${user}`;
    const request = (what: string, body: object) =>
      post(`${player}/${what}`, JSON.stringify(body), randomUUID());
    switch (kind) {
      case 'bet':
        return this.#bet(user);
      case 'win':
        return this.#later('/transaction/win', user, { currency: 'USD', amount: 3 });
      case 'rollback':
        return this.#later('/transaction/rollback', user, {});
      case 'credit':
        return request('credits', { amount: 5, reason: 'BONUS' });
      case 'spend':
        return request('spends', { amount: 2 });
      case 'order':
        return request('orders', { lines: [{ sku: 'gold_coin', quantity: 1 }], complete: true });
      case 'transfer':
        return request('transfers', { to: pick(users), amount: 1 });
      case 'balance':
        return post('/user/balance', JSON.stringify({ user, request_uuid: randomUUID() }));
      case 'history':
        return get(`${player}/transactions?limit=20`);
    }
  }

  #bet(user: string): string {
    const id = randomUUID();
    this.#bets.push({ user, id });
    if (this.#bets.length > REMEMBERED_BETS) this.#bets = this.#bets.slice(REMEMBERED_BETS / 2);
    return transaction('/transaction/bet', user, id, { currency: 'USD', amount: 2 });
  }

  /** A win or rollback of a bet made before, or a bet while there is none. */
  #later(path: string, other: string, body: object): string {
    const bet = pick(this.#bets);
    if (bet === undefined) return this.#bet(other);
    const reference = { reference_transaction_uuid: bet.id };
    return transaction(path, bet.user, randomUUID(), { ...body, ...reference });
  }
}

function transaction(path: string, user: string, transaction_uuid: string, body: object): string {
  const ids = { user, transaction_uuid, request_uuid: randomUUID() };
  return post(path, JSON.stringify({ ...ids, ...body }));
}

function kindAt(percent: number): Kind {
  let left = percent;
  for (const [kind, share] of shares) {
    left -= share;
    if (left < 0) return kind;
  }
  return 'bet';
}

function entriesOf(kind: Kind): number {
  if (kind === 'balance' || kind === 'history') return 0;
  return kind === 'transfer' ? 3 : 1;
}

function pick<T>(list: readonly T[]): T {
  return list[Math.floor(Math.random() * list.length)] as T;
}
