import { numberOf, type Op, type OpKind, unitsOf } from './history.js';
import { priceOf } from './prices.js';

/** What an operation did, and what became of it. */
interface Deed {
  readonly op: Op;
  readonly moved: number;
  /** What can still be given back of it: money of a spend, units of an order. */
  left: number;
  status: 'stands' | 'won' | 'undone' | 'pending' | 'cancelled' | 'refunded';
}

/** What a kind of operation moves, or the code that refuses it; `named` is what it names. */
type Rule = (op: Op, balance: number, named: Deed | undefined) => number | string;

const pays = (price: number, balance: number): number | string => {
  return price > balance ? 'insufficient_funds' : -price;
};

const rules: Readonly<Record<Exclude<OpKind, 'create'>, Rule>> = {
  read: () => 0,
  bet: ({ amount }, balance) => (amount > balance ? 'RS_ERROR_NOT_ENOUGH_MONEY' : -amount),
  win: ({ amount }, _, bet) => {
    const stands = bet?.op.kind === 'bet' && bet.status !== 'undone';
    return stands ? amount : 'RS_ERROR_TRANSACTION_DOES_NOT_EXIST';
  },
  rollback: (_op, _balance, named) => {
    return named === undefined || named.status === 'undone' ? 0 : 0 - named.moved;
  },
  credit: ({ amount }) => amount,
  arrival: ({ amount }) => amount,
  return: ({ amount }) => amount,
  spend: ({ amount }, balance) => pays(amount, balance),
  transfer: ({ amount }, balance) => pays(amount, balance),
  refund: ({ amount }, _, spend) => {
    if (spend === undefined) return 'spend_not_found';
    if (spend.left === 0) return 'already_refunded';
    return amount > spend.left ? 'refund_exceeds_remaining' : amount;
  },
  order: (op, balance) => pays(priceOf(op) * unitsOf(op), balance),
  price: () => 'is no matter of players',
  reserve: () => 0,
  complete: (_op, balance, order) => {
    if (order === undefined) return 'order_not_found';
    return order.status === 'pending'
      ? pays(priceOf(order.op) * order.left, balance)
      : 'order_not_pending';
  },
  cancel: (_op, _balance, order) => {
    if (order === undefined) return 'order_not_found';
    return order.status === 'pending' ? 0 : 'order_not_pending';
  },
  order_refund: (_op, _balance, order) => {
    if (order === undefined) return 'order_not_found';
    if (order.status === 'refunded') return 'already_refunded';
    if (order.status !== 'stands') return 'order_not_refundable';
    return order.left === 0 ? 'refund_exceeds_remaining' : priceOf(order.op) * order.left;
  },
  consume: (op, _balance, order) => {
    if (order === undefined) return 'entitlement_not_found';
    if (order.left === 0) return 'entitlement_not_active';
    return unitsOf(op) > order.left ? 'quantity_exceeds_remaining' : 0;
  },
};

const protocol: ReadonlySet<OpKind> = new Set(['bet', 'win', 'rollback', 'read']);

/** A player as the rules have it, after some of its history: a model of the wallet in small. */
export class Player {
  balance = 0;
  #isThere = false;
  readonly #deeds = new Map<number, Deed>();
  readonly #winsOnce: boolean;

  constructor(winsOnce: boolean) {
    this.#winsOnce = winsOnce;
  }

  /** What an operation would move now, or why it would be refused. */
  says(op: Op): number | string {
    const { kind } = op;
    if (kind === 'create') return this.#isThere ? 'player_exists' : op.amount;
    const own = this.#deeds.get(numberOf(op));
    if (own !== undefined) {
      const isKept = own.op.index === op.index && own.status !== 'undone';
      return isKept ? 'the answer it had' : 'RS_ERROR_DUPLICATE_TRANSACTION';
    }
    if (!this.#isThere) return protocol.has(kind) ? 'RS_ERROR_UNKNOWN' : 'player_not_found';
    const named = this.#deeds.get(op.names ?? -1);
    if (kind === 'win' && named?.status === 'won' && this.#winsOnce) return 'RS_ERROR_UNKNOWN';
    return rules[kind](op, this.balance, named);
  }

  /** What is left of what an operation names. */
  left({ names = -1 }: Op): number | undefined {
    return this.#deeds.get(names)?.left;
  }

  does(op: Op, moved: number): void {
    const { kind, names = -1 } = op;
    this.balance += moved;
    this.#isThere = true;
    const left = kind === 'order' || kind === 'reserve' ? unitsOf(op) : op.amount;
    const status = kind === 'reserve' ? 'pending' : 'stands';
    this.#deeds.set(numberOf(op), { op, moved, left, status });
    const named = this.#deeds.get(names);
    if (kind === 'rollback') this.#undo(op, names, named);
    else if (named !== undefined) become(named, op);
  }

  /** What was rolled back, be it before it came, is refused from then on. */
  #undo(op: Op, names: number, named: Deed | undefined): void {
    if (named === undefined) {
      this.#deeds.set(names, { op, moved: 0, left: 0, status: 'undone' });
      return;
    }
    const bet = this.#deeds.get(named.op.names ?? -1);
    const isUndone = named.status === 'undone';
    if (!isUndone && named.op.kind === 'win' && bet?.status === 'won') bet.status = 'stands';
    named.status = 'undone';
  }
}

/** What becomes of a deed that another names. */
function become(named: Deed, op: Op): void {
  const { kind, amount } = op;
  if (kind === 'win') named.status = 'won';
  if (kind === 'complete') named.status = 'stands';
  if (kind === 'cancel') named.status = 'cancelled';
  if (kind === 'refund') named.left -= amount;
  if (kind === 'consume') named.left -= unitsOf(op);
  if (kind !== 'order_refund') return;
  if (named.left === unitsOf(named.op)) named.status = 'refunded';
  named.left = 0;
}
