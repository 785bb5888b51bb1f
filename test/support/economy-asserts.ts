import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { expect } from 'vitest';
import type { EconomyClient } from './economy-client.js';
import { at, type Json } from './exchange.js';

type Values = Readonly<Record<string, Json>>;

const EVENTUALLY_MS = 5_000;

/** What every answer so far has shown, beside what the server says now. */
export interface Seen {
  /** Balances that answers told, of the player that the case is about. */
  readonly balances: readonly number[];
  readonly players: readonly string[];
}

/** Checks what cases assert of the state, over the same interfaces that change it. */
export class Asserts {
  readonly #client: EconomyClient;
  readonly #seen: () => Seen;

  constructor(client: EconomyClient, seen: () => Seen) {
    this.#client = client;
    this.#seen = seen;
  }

  async check(asserted: Values): Promise<void> {
    for (const [what, value] of Object.entries(asserted)) {
      const check = this.#checks[what];
      if (check === undefined) throw new Error(`nobody knows how to assert ${what}`);
      await check(value);
    }
  }

  readonly #checks: Readonly<Record<string, (value: Json) => Promise<void>>> = {
    balance: (value) => each(value, (player, balance) => this.#balance(player, balance)),
    exwallet_balance: (value) => each(value, (user, balance) => this.#wallet(user, balance)),
    entitlements: (value) => each(value, (player, owned) => this.#owns(player, owned)),
    ledger_count: (value) =>
      each(value, async (player, count) => {
        expect(await this.#history(player)).toHaveLength(Number(count));
      }),
    history: (value) =>
      each(value, async (player, lines) => {
        expect(await this.#history(player)).toMatchObject(this.#client.fill(lines) as object[]);
      }),
    history_folds: async (players) => {
      for (const player of players as string[]) await this.#folds(player);
    },
    // One audit behind the last case of a server does for all of them.
    ledger_zero_sum: async () => undefined,
    money_and_items_agree: async () => {
      for (const player of this.#seen().players) await this.#agree(player);
    },
    never_negative: async () => {
      const { balances, players } = this.#seen();
      expect(balances.length).toBeGreaterThan(0);
      expect(Math.min(...balances)).toBeGreaterThanOrEqual(0);
      for (const player of players) await this.#folds(player);
    },
    no_phantom_reads: async () => {
      const { balances, players } = this.#seen();
      const { body } = await this.#client.must({ call: `GET /v1/players/${players[0]}` });
      // Every spend that an answer has shown is still there.
      for (const shown of balances) expect(at(body, 'balance')).toBeLessThanOrEqual(shown);
    },
    eventually: (value) => this.#eventually(value as Values),
  };

  async #eventually(asserted: Values): Promise<void> {
    const end = Date.now() + EVENTUALLY_MS;
    for (;;) {
      try {
        await this.check(asserted);
        return;
      } catch (error) {
        if (Date.now() > end) throw error;
        await wait(25);
      }
    }
  }

  async #balance(player: string, balance: Json): Promise<void> {
    const { body } = await this.#client.must({ call: `GET /v1/players/${player}` });
    expect(at(body, 'balance'), `the balance of ${player}`).toBe(balance);
  }

  async #wallet(user: string, balance: Json): Promise<void> {
    const body = { user, request_uuid: randomUUID() };
    const reply = await this.#client.must({ call: 'POST /user/balance', body });
    expect(reply.body).toMatchObject({ status: 'RS_OK', balance });
  }

  async #owns(player: string, owned: Json): Promise<void> {
    const path = `/v1/players/${player}/entitlements?status=ACTIVE&limit=200`;
    const units: Record<string, number> = {};
    for (const lot of await this.#client.list(path)) add(units, lot, Number(at(lot, 'remaining')));
    expect(units, `what ${player} owns`).toEqual(owned);
  }

  /** The entries of a player beyond the opening one, newest first. */
  async #history(player: string): Promise<Json[]> {
    const lines = await this.#client.list(`/v1/players/${player}/transactions?limit=200`);
    return lines.filter((line) => at(line, 'type') !== 'OPENING');
  }

  /** The running balances add up, up to what the player has. */
  async #folds(player: string): Promise<void> {
    const lines = await this.#client.list(`/v1/players/${player}/transactions?limit=200`);
    const spends = new Set(lines.map((line) => at(line, 'transaction_id')));
    let balance = 0;
    for (const line of lines.reverse()) {
      balance += signed(line);
      expect(at(line, 'balance_after')).toBe(balance);
      expect(balance).toBeGreaterThanOrEqual(0);
      if (/REFUND$/.test(String(at(line, 'type')))) expect(spends).toContain(at(line, 'refund_of'));
    }
    await this.#balance(player, balance);
  }

  /** What the orders say was paid and given is what the history and the lots say. */
  async #agree(player: string): Promise<void> {
    const units: Record<string, number> = {};
    let paid = 0;
    for (const order of await this.#client.list(`/v1/players/${player}/orders?limit=200`)) {
      if (!['COMPLETED', 'REFUNDED'].includes(String(at(order, 'status')))) continue;
      paid += Number(at(order, 'total'));
      for (const line of at(order, 'lines') as Json[]) {
        paid -= Number(at(line, 'refunded_amount'));
        add(units, line, Number(at(line, 'quantity')) - Number(at(line, 'refunded_quantity')));
      }
    }
    const lines = await this.#client.list(`/v1/players/${player}/transactions?limit=200`);
    const moved = lines.filter((line) => at(line, 'order_id') !== null).map(signed);
    expect(
      moved.reduce((sum, amount) => sum + amount, paid),
      `${player} paid ${paid}`,
    ).toBe(0);
    for (const lot of await this.#client.list(`/v1/players/${player}/entitlements?limit=200`)) {
      const [granted, remaining, consumed, revoked, expired] = parts(lot);
      expect(granted).toBe(remaining + consumed + revoked + expired);
      add(units, lot, revoked - granted);
    }
    expect(Object.values(units).filter((left) => left !== 0)).toEqual([]);
  }
}

async function each(value: Json, check: (name: string, value: Json) => unknown): Promise<void> {
  for (const [name, one] of Object.entries(value as Values)) await check(name, one);
}

function add(units: Record<string, number>, line: Json, quantity: number): void {
  const sku = String(at(line, 'sku'));
  units[sku] = (units[sku] ?? 0) + quantity;
}

function signed(line: Json): number {
  return Number(at(line, 'sign')) * Number(at(line, 'amount'));
}

function parts(lot: Json): [number, number, number, number, number] {
  const part = (name: string): number => Number(at(lot, name));
  return [part('granted'), part('remaining'), part('consumed'), part('revoked'), part('expired')];
}
