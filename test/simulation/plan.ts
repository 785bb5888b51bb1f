import type { Op, OpKind } from './history.js';
import { Random } from './random.js';

const KINDS: readonly OpKind[] = [
  ...(['bet', 'bet', 'bet', 'bet', 'bet', 'win', 'win', 'rollback', 'rollback'] as const),
  ...(['credit', 'spend', 'spend', 'refund', 'refund', 'create'] as const),
  ...(['transfer', 'transfer', 'transfer', 'read', 'read'] as const),
  ...(['order', 'order', 'order_refund', 'consume', 'consume'] as const),
  ...(['reserve', 'complete', 'cancel', 'price'] as const),
];

const NAMED: Readonly<Partial<Record<OpKind, readonly OpKind[]>>> = {
  win: ['bet'],
  rollback: ['bet', 'win'],
  refund: ['spend'],
  order_refund: ['order', 'reserve'],
  consume: ['order'],
  complete: ['reserve'],
  cancel: ['reserve'],
};

/** Players who are made by clients, while others ask for them already. */
export const NEWCOMERS = ['eve', 'finn'];

/** The operations of a seed. `users` are on different partitions. */
export function planOps(seed: number, count: number, users: readonly string[]): Op[] {
  const random = new Random(seed);
  const ops: Op[] = [];
  for (let index = 0; index < count; index++) ops.push(planOp(random, ops, users));
  return ops;
}

/** The operation that one names: mostly a recent one of the same user. */
function planName(random: Random, kind: OpKind, ops: readonly Op[]): Op | undefined {
  const targets = NAMED[kind];
  if (targets === undefined) return undefined;
  const target = random.pick(targets);
  const named = ops.filter((op) => op.kind === target && op.steals === undefined);
  return named.length === 0 ? undefined : random.pick(named.slice(-6));
}

function planUser(random: Random, kind: OpKind, users: readonly string[]): string {
  return kind === 'create' || random.chance(0.1) ? random.pick(NEWCOMERS) : random.pick(users);
}

function planOp(random: Random, ops: readonly Op[], users: readonly string[]): Op {
  const kind = random.pick(KINDS);
  const names = planName(random, kind, ops);
  const isOwn = names !== undefined && !random.chance(0.05);
  const user = isOwn ? names.user : planUser(random, kind, users);
  const stolen = new Set(ops.map((op) => op.steals));
  const own = ops.filter((op) => op.kind === 'bet' && op.steals === undefined);
  const stealable = own.filter(({ index }) => !stolen.has(index)).slice(-8);
  const isThief = kind === 'bet' && stealable.length > 0 && random.chance(0.15);
  const victim = isThief ? random.pick(stealable) : undefined;
  const to = random.pick(
    [...users, ...users, ...NEWCOMERS, 'nobody'].filter((name) => name !== user),
  );
  const amount = 1 + random.below(random.chance(0.2) ? 90 : 25);
  return {
    index: ops.length,
    lane: random.below(6),
    kind,
    user,
    to,
    // A thief's content is another: else it would be a retry.
    amount: victim === undefined ? amountOf(kind, to, ops.length, amount) : victim.amount + amount,
    names: names?.index,
    steals: victim?.index,
    copies: random.chance(0.2) ? 2 : 1,
    pause: random.chance(0.3) ? random.between(0, 4) : 0,
    patience: random.chance(0.15) ? random.between(0.2, 3) : 60_000,
  };
}

/** Some amounts tell what they are of: of a new player, a price, money that may come back. */
function amountOf(kind: OpKind, to: string, index: number, amount: number): number {
  if (kind === 'create') return 100 * index + amount;
  if (kind === 'price') return 11 + index;
  if (kind !== 'transfer') return amount;
  if (NEWCOMERS.includes(to)) return 2 + 2 * index;
  return to === 'nobody' ? amount | 1 : amount;
}
