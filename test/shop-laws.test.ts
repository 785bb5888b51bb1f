import fc from 'fast-check';
import {
  type Entitlement,
  type Order,
  type Outcome,
  openWallet,
  type Page,
  type PageOptions,
  type Transaction,
  type Wallet,
} from 'purser';
import { expect, test } from 'vitest';
import { newDirectory } from './support/directory.js';

/**
 * Laws of the shop that hold after any sequence of orders, refunds and used units, told without the
 * rules that decide them.
 */
const START = 5_000;
const RUNS = 12;
const items = {
  sword: { name: 'Sword', kind: 'durable', price: 300 },
  potion: { name: 'Potion', kind: 'consumable', price: 7 },
  rare: { name: 'Rare', kind: 'consumable', price: 3, max_per_player: 5 },
  gift: { name: 'Gift', kind: 'consumable', price: 0, max_per_player: 4 },
  coins: { name: 'Coins', kind: 'currency', price: 50, grants: 60 },
} as const;
type Sku = keyof typeof items;
const skus = Object.keys(items) as Sku[];

const units = fc.integer({ min: 1, max: 4 });
/** Which order or lot of those that there are. */
const which = fc.nat(40);
const line = fc.record({ sku: fc.constantFrom(...skus), quantity: units });
const step = fc.oneof(
  fc.record({
    op: fc.constant('order' as const),
    lines: fc.uniqueArray(line, { selector: ({ sku }) => sku, minLength: 1, maxLength: 3 }),
    complete: fc.boolean(),
  }),
  fc.record({ op: fc.constantFrom('complete', 'complete', 'cancel'), which }),
  fc.record({ op: fc.constant('refund' as const), which, body: refundBody() }),
  fc.record({ op: fc.constantFrom('consume', 'revoke'), which, quantity: units }),
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

function refundBody() {
  const revoke = fc.option(fc.constantFrom('unused', 'force'), { nil: undefined });
  return fc.oneof(
    fc.record({ amount: fc.integer({ min: 1, max: 200 }), revoke: fc.constant('none' as const) }),
    fc.record({ revoke }),
    fc.record({ lines: fc.array(line, { minLength: 1, maxLength: 1 }), revoke }),
  );
}

/** One player's doings, and what its balance must be. */
class Customer {
  readonly #wallet: Wallet;
  readonly #player: string;
  #balance = START;
  #keys = 0;
  /** Units that were used and taken back of each lot, as the answers had it. */
  readonly #used = { consume: new Map<string, number>(), revoke: new Map<string, number>() };

  constructor(wallet: Wallet, player: string) {
    this.#wallet = wallet;
    this.#player = player;
  }

  async does(step: Step): Promise<void> {
    const { orders, entitlements } = this.#wallet;
    const [player, options] = [this.#player, { idempotencyKey: `key-${this.#keys++}` }];
    if ('lines' in step) {
      const { lines, complete } = step;
      const made = await orders.create(player, { lines: lines.map(fitting), complete }, options);
      if (made.ok && complete) this.#paid(made.value);
    } else if (step.op === 'consume' || step.op === 'revoke') {
      const lot = chosen(await this.#lots(), step.which)?.entitlement_id ?? 'ent_none';
      const done = await entitlements[step.op](player, lot, { quantity: step.quantity }, options);
      if (done.ok) add(this.#used[step.op], lot, step.quantity);
    } else {
      const order = chosen(await this.#orders(), step.which)?.order_id ?? 'ord_none';
      if ('body' in step) await this.#refund(order, step.body, options);
      else {
        const done = await orders[step.op as 'complete'](player, order, options);
        if (done.ok && step.op === 'complete') this.#paid(done.value);
      }
    }
  }

  async #refund(order: string, body: object, options: { idempotencyKey: string }): Promise<void> {
    const refund = await this.#wallet.orders.refund(this.#player, order, body, options);
    if (!refund.ok) return;
    const { amount, clawed_back = 0, lines, revoked, balance_after } = refund.value;
    this.#balance += amount - clawed_back;
    expect(balance_after).toBe(this.#balance);
    expect(sum(lines.map((part) => part.amount))).toBe(amount);
    for (const lot of revoked) add(this.#used.revoke, lot.entitlement_id, lot.quantity);
  }

  #paid({ status, total, lines }: Order): void {
    expect(status).toBe('COMPLETED');
    this.#balance += sum(lines.map(({ sku, quantity }) => grantsOf(sku as Sku) * quantity)) - total;
  }

  async keepsTheLaws(): Promise<void> {
    const orders = await this.#orders();
    const lots = await this.#lots();
    for (const one of orders) isSound(one);
    for (const lot of lots) {
      isCounted(lot, orders);
      // Credits are used when they are given, but for those that are taken back.
      const given = lot.kind === 'currency' ? lot.granted - lot.revoked : 0;
      expect(lot.consumed - given).toBe(this.#used.consume.get(lot.entitlement_id) ?? 0);
      expect(lot.revoked).toBe(this.#used.revoke.get(lot.entitlement_id) ?? 0);
    }
    for (const sku of skus)
      isWithin(
        sku,
        lots.filter((lot) => lot.sku === sku),
      );
    expect((await this.#wallet.players.get(this.#player))?.balance).toBe(this.#balance);
    const history = await all((page) => this.#wallet.transactions.list(this.#player, page));
    expect(runningBalance(history)).toBe(this.#balance);
  }

  #orders(): Promise<Order[]> {
    return all((page) => this.#wallet.orders.list(this.#player, page));
  }

  #lots(): Promise<Entitlement[]> {
    return all((page) => this.#wallet.entitlements.list(this.#player, page));
  }
}

function fitting({ sku, quantity }: { sku: Sku; quantity: number }) {
  return { sku, quantity: items[sku].kind === 'durable' ? 1 : quantity };
}

function grantsOf(sku: Sku): number {
  const item = items[sku];
  return 'grants' in item ? item.grants : 0;
}

/** No more is given back than was paid, in all and of each line; what is REFUNDED is so in full. */
function isSound(order: Order): void {
  const { total, lines, refunded_amount, status, refund_status } = order;
  expect(sum(lines.map((line) => line.refunded_amount))).toBe(refunded_amount);
  expect(refunded_amount).toBeLessThanOrEqual(total);
  for (const line of lines) {
    expect(line.refunded_amount).toBeLessThanOrEqual(line.unit_price * line.quantity);
    expect(line.refunded_quantity).toBeLessThanOrEqual(line.quantity);
  }
  if (status === 'REFUNDED') expect(refund_status).toBe('FULL');
  if (status === 'PENDING' || status === 'CANCELLED') expect(refunded_amount).toBe(0);
}

/** Every unit is somewhere, once, and was given by the line that names its lot. */
function isCounted(lot: Entitlement, orders: readonly Order[]): void {
  const { granted, remaining, consumed, revoked, expired } = lot;
  expect(remaining + consumed + revoked + expired).toBe(granted);
  expect(Math.min(remaining, consumed, revoked, expired)).toBeGreaterThanOrEqual(0);
  const line = orders
    .find(({ order_id }) => order_id === lot.order_id)
    ?.lines.find(({ entitlement_id }) => entitlement_id === lot.entitlement_id);
  expect(line).toMatchObject({ sku: lot.sku, quantity: granted });
}

/** One unit of what lasts, and no more than the item allows. */
function isWithin(sku: Sku, lots: readonly Entitlement[]): void {
  const item = items[sku];
  if (item.kind === 'durable') {
    expect(sum(lots.map(({ remaining }) => remaining))).toBeLessThanOrEqual(1);
  }
  if (!('max_per_player' in item)) return;
  const held = sum(lots.map(({ granted, revoked }) => granted - revoked));
  expect(held).toBeLessThanOrEqual(item.max_per_player);
}

/** The newest comes first. */
function runningBalance(history: readonly Transaction[]): number {
  let balance = 0;
  for (const { sign, amount, balance_after } of [...history].reverse()) {
    balance += sign * amount;
    expect(balance_after).toBe(balance);
  }
  return balance;
}

function add(to: Map<string, number>, key: string, more: number): void {
  to.set(key, (to.get(key) ?? 0) + more);
}

function chosen<T>(list: readonly T[], which: number): T | undefined {
  return list[which % Math.max(1, list.length)];
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

async function all<T>(read: (page: PageOptions) => Promise<Outcome<Page<T>>>): Promise<T[]> {
  const found: T[] = [];
  let next: string | null = null;
  do {
    const page: Outcome<Page<T>> = await read({
      limit: 20,
      ...(next !== null && { cursor: next }),
    });
    if (!page.ok) throw new Error(page.code);
    found.push(...page.value.data);
    next = page.value.next_cursor;
  } while (next !== null);
  return found;
}

test('any sequence of orders, refunds and used units keeps the laws of the shop', async () => {
  const directory = newDirectory();
  let wallet = await openWallet({ dataDir: directory, partitions: 2 });
  for (const [sku, item] of Object.entries(items)) {
    expect((await wallet.items.put(sku, item)).ok).toBe(true);
  }
  let players = 0;
  const steps = fc.array(step, { minLength: 30, maxLength: 90, size: 'max' });
  const property = fc.asyncProperty(steps, async (sequence) => {
    const player = `player${players++}`;
    const made = await wallet.players.create({ player_id: player, initial_balance: START });
    expect(made.ok).toBe(true);
    const customer = new Customer(wallet, player);
    for (const one of sequence) await customer.does(one);
    await customer.keepsTheLaws();
  });
  await fc.assert(property, { numRuns: RUNS, endOnFailure: true });
  await wallet.close();
  wallet = await openWallet({ dataDir: directory });
  expect((await wallet.books()).total).toBe(0n);
  expect((await wallet.audit()).ok).toBe(true);
  await wallet.close();
});
