import type { Op, OpKind } from './history.js';
import { Random } from './random.js';

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
