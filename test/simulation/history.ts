import type { Answer as BetAnswer } from '../../dist/engine/bodies.js';
import type { Outcome } from '../../dist/engine/economy.js';
import type { Wallet } from '../../dist/engine/wallet.js';
import { Random } from './random.js';

export type OpKind =
  | 'bet'
  | 'win'
  | 'rollback'
  | 'credit'
  | 'spend'
  | 'refund'
  | 'transfer'
  | 'order'
  | 'order_refund'
  | 'read';

/** What a client wants, decided before anything happens. */
export interface Op {
  readonly index: number;
  readonly lane: number;
  readonly kind: OpKind;
  readonly user: string;
  readonly to: string;
  readonly amount: number;
  /** The operation that it names: a win its bet, a refund its spend. */
  readonly names: number | undefined;
  /** The operation whose id it carries, with another content. */
  readonly steals: number | undefined;
  /** How many times it is sent at once. */
  readonly copies: number;
  /** Milliseconds that the client waits before it, and for an answer. */
  readonly pause: number;
  readonly patience: number;
}

/** One time that it was sent. `at` and `done` count what happened, in order. */
export interface Attempt {
  readonly at: number;
  done?: number;
  answer?: Answer;
}

/** An answer, as the oracle looks at it. */
export interface Answer {
  readonly ok: boolean;
  readonly code: string;
  readonly balance: number | undefined;
  /** What the history calls the entry: a transaction's id, or a type and an order's id. */
  readonly id: string | undefined;
  /** What others name it by. */
  readonly handle: string | undefined;
  readonly replayed: boolean;
  readonly text: string;
}

/** An operation and everything that was said about it. */
export interface Sent {
  readonly op: Op;
  readonly attempts: Attempt[];
}

const KINDS: readonly OpKind[] = [
  ...(['bet', 'bet', 'bet', 'bet', 'bet', 'win', 'win', 'rollback'] as const),
  ...(['credit', 'spend', 'spend', 'refund', 'refund'] as const),
  ...(['transfer', 'transfer', 'transfer', 'order', 'order_refund', 'read', 'read'] as const),
];

const NAMED: Readonly<Partial<Record<OpKind, OpKind>>> = {
  win: 'bet',
  rollback: 'bet',
  refund: 'spend',
  order_refund: 'order',
};

/** The operations of a seed. `users` are on different partitions. */
export function planOps(seed: number, count: number, users: readonly string[]): Op[] {
  const random = new Random(seed);
  const ops: Op[] = [];
  for (let index = 0; index < count; index++) ops.push(planOp(random, ops, users));
  return ops;
}

function planOp(random: Random, ops: readonly Op[], users: readonly string[]): Op {
  const kind = random.pick(KINDS);
  const target = NAMED[kind];
  const named =
    target === undefined ? [] : ops.filter((op) => op.kind === target && op.steals === undefined);
  // Mostly a recent one, of the same user.
  const names = named.length === 0 ? undefined : random.pick(named.slice(-6));
  const user = names === undefined || random.chance(0.05) ? random.pick(users) : names.user;
  const stolen = new Set(ops.map((op) => op.steals));
  const own = ops.filter((op) => op.kind === 'bet' && op.steals === undefined);
  const stealable = own.filter(({ index }) => !stolen.has(index)).slice(-8);
  const isThief = kind === 'bet' && stealable.length > 0 && random.chance(0.15);
  const victim = isThief ? random.pick(stealable) : undefined;
  return {
    index: ops.length,
    lane: random.below(6),
    kind,
    user,
    to: random.chance(0.1) ? 'nobody' : random.pick(users.filter((other) => other !== user)),
    // A thief's content is another: else it would be a retry.
    amount: (victim?.amount ?? 0) + 1 + random.below(random.chance(0.2) ? 90 : 25),
    names: names?.index,
    steals: victim?.index,
    copies: random.chance(0.2) ? 2 : 1,
    pause: random.chance(0.3) ? random.between(0, 4) : 0,
    patience: random.chance(0.15) ? random.between(0.2, 3) : 60_000,
  };
}

/** The operation whose id it carries: mostly itself. */
export function numberOf({ index, steals }: Op): number {
  return steals ?? index;
}

function uuidOf(number: number): string {
  return `5eed0000-0000-4000-8000-${number.toString(16).padStart(12, '0')}`;
}

/** What the history calls a transaction of the wallet protocol. */
export function transactionIdOf(number: number): string {
  return `tx_${uuidOf(number).replaceAll('-', '')}`;
}

/** Sends an operation; undefined when it names one whose id its client does not know. */
export function call(
  wallet: Wallet,
  op: Op,
  handleOf: (op: number) => string | undefined,
): Promise<Answer> | undefined {
  const { user, amount, to } = op;
  const options = { idempotencyKey: `key-${op.index}` };
  const named = op.names === undefined ? undefined : handleOf(op.names);
  switch (op.kind) {
    case 'bet':
      return told(wallet.bet({ ...bodyOf(op), currency: 'USD', amount }), op);
    case 'win':
    case 'rollback':
      return settle(wallet, op);
    case 'read':
      return told(wallet.balance({ user, request_uuid: uuidOf(op.index) }), op);
    case 'credit':
      return done(wallet.credits.add(user, { amount, reason: 'BONUS' }, options));
    case 'spend':
      return done(wallet.spends.create(user, { amount }, options));
    case 'transfer':
      return done(wallet.transfers.create(user, { to, amount }, options));
    case 'order': {
      const lines = [{ sku: 'gold_coin', quantity: 1 + (amount % 3) }];
      return done(wallet.orders.create(user, { lines, complete: true }, options), 'ORDER');
    }
    case 'refund':
      if (named === undefined) return undefined;
      return done(wallet.spends.refund(user, named, { amount }, options));
    case 'order_refund':
      if (named === undefined) return undefined;
      return done(wallet.orders.refund(user, named, {}, options), 'ORDER_REFUND');
  }
}

function bodyOf(op: Op): { user: string; transaction_uuid: string; request_uuid: string } {
  const uuid = uuidOf(numberOf(op));
  return { user: op.user, transaction_uuid: uuid, request_uuid: uuid };
}

function settle(wallet: Wallet, op: Op): Promise<Answer> | undefined {
  if (op.names === undefined) return undefined;
  const reference_transaction_uuid = uuidOf(op.names);
  const body = { ...bodyOf(op), reference_transaction_uuid };
  if (op.kind === 'rollback') return told(wallet.rollback(body), op);
  return told(wallet.win({ ...body, currency: 'USD', amount: op.amount }), op);
}

async function told(answering: Promise<BetAnswer>, op: Op): Promise<Answer> {
  const answer = await answering;
  return {
    ok: answer.status === 'RS_OK',
    code: answer.status,
    balance: answer.balance,
    id: transactionIdOf(numberOf(op)),
    handle: undefined,
    replayed: false,
    text: JSON.stringify(answer),
  };
}

interface Told {
  readonly balance_after?: number;
  readonly transaction_id?: string;
  readonly order_id?: string;
}

async function done(asking: Promise<Outcome<Told>>, type?: string): Promise<Answer> {
  const outcome = await asking;
  if (!outcome.ok) {
    const { code, members } = outcome;
    const balance = members['balance'] as number | undefined;
    const nothing = { id: undefined, handle: undefined, replayed: false };
    return { ok: false, code, balance, ...nothing, text: code };
  }
  const { value, replayed } = outcome;
  const handle = type === undefined ? value.transaction_id : value.order_id;
  return {
    ok: true,
    code: 'ok',
    balance: value.balance_after,
    id: type === undefined ? handle : `${type} ${handle}`,
    handle,
    replayed,
    text: JSON.stringify(value),
  };
}
