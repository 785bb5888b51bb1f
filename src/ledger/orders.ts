import {
  type Form,
  flag,
  idOf,
  listOf,
  members,
  optional,
  price,
  quantity,
  text,
} from './forms.js';
import { grantLot, holdingOf, isFull, type Lot, MOST_ENDING, ownedAt } from './lots.js';
import { MAX_AMOUNT, move, uncovered } from './money.js';
import { invalid, isRefusal, type Refusal, refuse } from './refusals.js';
import {
  type Asked,
  type BaseContext,
  type Change,
  change,
  grant,
  type Rules,
  type Ruling,
} from './request.js';
import type { Item, OrderBody, OrderLineBody } from './resources.js';
import {
  isExpired,
  ORDER,
  orderAfter,
  orderPrefix,
  type StoredLine,
  type StoredOrder,
  statusOf,
} from './stored-orders.js';

/** How long prices of a PENDING order hold. */
const ORDER_TTL_MS = 15 * 60_000;
const MAX_PENDING = 100;
const MAX_LINES = 50;

/** Document: which orders are PENDING, with their ends. */
const PENDING = 'pending';
type Pending = readonly (readonly [order: string, expires: number])[];

/** A sku of another form than the catalogue's is unknown to it, and no fault of its own. */
export const linesForm: Form<readonly OrderLineBody[]> = listOf(
  members<OrderLineBody>({ sku: text, quantity }),
  1,
  MAX_LINES,
);

export interface OrderArgs extends OrderBody {
  /** The body that a front end sent to buy one item. */
  readonly purchase?: Purchase;
}

interface Purchase {
  readonly item: string;
  readonly quantity?: number;
}

/** What an order has to know of an item's newest version. */
export type Quote = Pick<
  Item,
  'version' | 'kind' | 'price' | 'active' | 'grants' | 'duration' | 'max_per_player'
>;

interface OrderContext extends BaseContext {
  /** The newest version of each line's item, when there is one. */
  readonly items: readonly (Quote | null)[];
  /** The currency that prices are in. */
  readonly currency: string;
}

/** Makes an order with the prices of now; `complete` pays for it in the same entry. */
export const order: Rules<OrderArgs, OrderContext> = {
  form: members<OrderArgs>({
    lines: linesForm,
    expected_total: optional(price),
    complete: optional(flag),
    purchase: optional(members<Purchase>({ item: text, quantity: optional(quantity) })),
  }),
  needsActive: true,
  decide(asked) {
    const { args, context, account, time, fresh } = asked;
    const refused = repeated(args.lines) ?? unavailable(args.lines, context.items);
    if (refused !== undefined) return refused;
    if (account?.currency !== context.currency) return refuse('currency_mismatch');
    const lines = args.lines.map((line, i) => freeze(line, context.items[i] as Quote));
    const total = totalOf(lines);
    if (total > MAX_AMOUNT) return invalid('/lines', 'cost more than an order may');
    if (args.expected_total !== undefined && args.expected_total !== total) {
      return refuse('price_changed', { current_total: total });
    }
    const made: StoredOrder = {
      id: orderPrefix + fresh,
      history: ['PENDING'],
      total,
      lines,
      created: time,
      expires: time + ORDER_TTL_MS,
    };
    return args.complete === true ? pay(asked, made, []) : place(asked, made);
  },
  answer: orderAfter,
};

export interface OrderOnlyArgs {
  readonly order: string;
}

const orderOnly = members<OrderOnlyArgs>({ order: idOf('order_not_found') });

/** Pays for a PENDING order: the debit and the lots are one entry. */
export const complete: Rules<OrderOnlyArgs, BaseContext> = {
  form: orderOnly,
  needsActive: true,
  decide(asked) {
    const found = pendingOrder(asked);
    return isRefusal(found) ? found : pay(asked, found, [withoutPending(asked, found)]);
  },
  answer: orderAfter,
};

/** Ends a PENDING order without money. */
export const cancel: Rules<OrderOnlyArgs, BaseContext> = {
  form: orderOnly,
  decide(asked) {
    const found = pendingOrder(asked);
    if (isRefusal(found)) return found;
    const cancelled: StoredOrder = { ...found, history: [...found.history, 'CANCELLED'] };
    return grant([], [change(ORDER + found.id, cancelled), withoutPending(asked, found)]);
  },
  answer: orderAfter,
};

function pendingOrder({ args, read, time }: Asked<OrderOnlyArgs>): StoredOrder | Refusal {
  const found = read('own', ORDER + args.order) as StoredOrder | undefined;
  if (found === undefined) return refuse('order_not_found');
  const status = statusOf(found, time);
  if (status === 'PENDING') return found;
  return refuse(isExpired(found, time) ? 'order_expired' : 'order_not_pending', {
    order_status: status,
  });
}

function repeated(lines: readonly OrderLineBody[]): Refusal | undefined {
  const seen = new Set<string>();
  for (const [i, { sku }] of lines.entries()) {
    if (seen.has(sku)) return invalid(`/lines/${i}/sku`, 'is in another line already');
    seen.add(sku);
  }
  return undefined;
}

function unavailable(
  lines: readonly OrderLineBody[],
  items: readonly (Quote | null)[],
): Refusal | undefined {
  for (const [i, { sku, quantity }] of lines.entries()) {
    const item = items[i];
    if (item === null || item === undefined) return refuse('unknown_item', { sku });
    if (!item.active) return refuse('item_unavailable', { sku });
    if (item.kind === 'durable' && quantity > 1) {
      return invalid(`/lines/${i}/quantity`, 'is 1 for a durable item');
    }
  }
  return undefined;
}

function freeze({ sku, quantity }: OrderLineBody, item: Quote): StoredLine {
  const { version, kind, price, grants, duration, max_per_player: max } = item;
  return {
    sku,
    version,
    kind,
    price,
    quantity,
    grants,
    duration,
    max,
    refundedQuantity: 0,
    refundedAmount: 0,
  };
}

function totalOf(lines: readonly StoredLine[]): number {
  return lines.reduce((sum, { price, quantity }) => sum + price * quantity, 0);
}

/** Keeps the order; what its player owns is looked at now, and again when it is paid for. */
function place(asked: Asked<OrderArgs, OrderContext>, made: StoredOrder): Ruling {
  const refused = ownershipRefusal(asked, made);
  if (refused !== undefined) return refused;
  const pending = pendingOf(asked);
  if (pending.length >= MAX_PENDING) return refuse('limit_reached', { pending: MAX_PENDING });
  return grant(
    [],
    [change(ORDER + made.id, made), change(PENDING, [...pending, [made.id, made.expires]])],
  );
}

type Reading = Pick<Asked, 'read' | 'time'>;

function pendingOf({ read, time }: Reading): Pending {
  const all = (read('own', PENDING) as Pending | undefined) ?? [];
  return all.filter(([, expires]) => expires > time);
}

/** The PENDING orders without one. */
function withoutPending(asked: Reading, { id }: StoredOrder): Change {
  return change(
    PENDING,
    pendingOf(asked).filter(([other]) => other !== id),
  );
}

/** Takes the money and gives the lots: both are in what this returns, or neither. */
function pay(asked: Asked<unknown>, found: StoredOrder, others: readonly Change[]): Ruling {
  const { account, time, fresh, id: entry } = asked;
  if (account === undefined) return refuse('player_not_found');
  const refused = ownershipRefusal(asked, found) ?? uncovered(account, found.total);
  if (refused !== undefined) return refused;
  const lines: StoredLine[] = [];
  const lots: Change[] = [];
  for (const line of found.lines) {
    const lot = newLot(line, lines.length, found.id, fresh, time);
    lines.push(Object.assign({}, line, { lot: lot.id }));
    lots.push(...grantLot(lot, holdingOf(asked.read, lot.sku)));
  }
  const history = [...found.history, 'COMPLETED'] as const;
  // The members in this order are one of the shapes that are packed without names. Not spread, here
  // and above: Node.js 20 takes a microsecond to add a member to what it has spread.
  const paid = Object.assign({}, found, { history, lines, completed: time, paid: entry });
  return grant(
    [...move('player', 'treasury', found.total), ...move('issuance', 'player', grantsOf(lines))],
    [change(ORDER + found.id, paid), ...lots, ...others],
  );
}

/** What items of kind `currency` give, minor units. */
function grantsOf(lines: readonly StoredLine[]): number {
  return lines.reduce((sum, { grants = 0, quantity }) => sum + grants * quantity, 0);
}

/** What the player owns already may forbid it. */
function ownershipRefusal({ read, time }: Reading, { lines }: StoredOrder): Refusal | undefined {
  for (const { sku, kind, quantity, max, duration, grants = 0 } of lines) {
    if (grants * quantity > MAX_AMOUNT) return invalid('/lines', 'grant more than an order may');
    if (kind !== 'durable' && max === undefined && duration === undefined) continue;
    const holding = holdingOf(read, sku);
    if (duration !== undefined && isFull(holding, time)) {
      return refuse('limit_reached', { sku, lots: MOST_ENDING });
    }
    if (kind === 'durable' && ownedAt(holding, time) > 0) return refuse('already_owned', { sku });
    if (max !== undefined && holding.granted + quantity > max) {
      return refuse('limit_reached', { sku, max_per_player: max });
    }
  }
  return undefined;
}

/** Its id is that of its command, 32 hex digits, and two of the line's number. */
function newLot(line: StoredLine, index: number, order: string, fresh: string, now: number): Lot {
  const { sku, kind, quantity, duration } = line;
  return {
    id: `ent_${fresh}${index.toString(16).padStart(2, '0')}`,
    sku,
    kind,
    order,
    granted: quantity,
    // Credits are given at once: nothing of such a lot is left to use.
    consumed: kind === 'currency' ? quantity : 0,
    revoked: 0,
    created: now,
    expires: duration === undefined ? undefined : now + duration * 1000,
  };
}
