import { revocations } from './choices.js';
import { amount, idOf, members, oneOf, optional, reason } from './forms.js';
import { holdingOf, LOT, type Lot, reduceLot, remainingOf } from './lots.js';
import { move, refundOf } from './money.js';
import { linesForm } from './orders.js';
import { invalid, isRefusal, type Refusal, refuse } from './refusals.js';
import {
  type Asked,
  type BaseContext,
  type Change,
  change,
  changed,
  grant,
  type RequestEntry,
  type Rules,
  type Ruling,
} from './request.js';
import type { OrderLineBody, OrderRefund, OrderRefundBody } from './resources.js';
import { rfc3339 } from './rfc3339.js';
import {
  ORDER,
  refundStatusOf,
  type StoredLine,
  type StoredOrder,
  statusOf,
} from './stored-orders.js';

interface OrderRefundArgs extends OrderRefundBody {
  readonly order: string;
}

/** Document: a refund as it was given. */
const REFUND = 'r:';

/** What is paid back of one line. */
interface Part {
  readonly index: number;
  readonly quantity: number;
  readonly amount: number;
}

type StoredRefund = Pick<
  OrderRefund,
  'refund_id' | 'order_id' | 'amount' | 'lines' | 'revoked' | 'warnings' | 'clawed_back'
>;

/** Gives money back for a COMPLETED order and takes its units back, in one entry. */
export const orderRefund: Rules<OrderRefundArgs, BaseContext> = {
  form: members<OrderRefundArgs>({
    order: idOf('order_not_found'),
    lines: optional(linesForm),
    amount: optional(amount),
    revoke: optional(oneOf(...revocations)),
    reason: optional(reason),
  }),
  decide(asked) {
    const { args, read, time } = asked;
    const found = read('own', ORDER + args.order) as StoredOrder | undefined;
    if (found === undefined) return refuse('order_not_found');
    const status = statusOf(found, time);
    if (status === 'REFUNDED') return refuse('already_refunded');
    if (status !== 'COMPLETED') return refuse('order_not_refundable', { order_status: status });
    const parts = partsOf(asked, found);
    return isRefusal(parts) ? parts : give(asked, found, parts);
  },
  answer: refundAfter,
  mayOverdraw: true,
};

function partsOf(asked: Asked<OrderRefundArgs>, found: StoredOrder): readonly Part[] | Refusal {
  const { lines, amount, revoke } = asked.args;
  if (amount !== undefined) {
    if (lines !== undefined) return invalid('/lines', 'cannot be given together with an amount');
    if (revoke !== 'none') return invalid('/revoke', 'must be none when an amount is refunded');
    return partsOfAmount(found, amount);
  }
  // Else it would give back what was used, which only `force` may.
  if (revoke === 'none') return invalid('/revoke', 'can be none for an amount alone');
  return lines === undefined ? allParts(asked, found) : partsOfLines(asked, found, lines);
}

function left({ price, quantity, refundedAmount }: StoredLine): number {
  return price * quantity - refundedAmount;
}

/** What units of a line are worth: no more than is left, where money was given back without units. */
function worth(line: StoredLine, units: number): number {
  return Math.min(line.price * units, left(line));
}

/** An amount without units falls on the lines in their order. */
function partsOfAmount({ total, lines }: StoredOrder, asked: number): readonly Part[] | Refusal {
  const refunded = lines.reduce((sum, line) => sum + line.refundedAmount, 0);
  const amount = refundOf(total, refunded, asked);
  if (isRefusal(amount)) return amount;
  let rest = amount;
  return lines.flatMap((line, index) => {
    const part = Math.min(rest, left(line));
    rest -= part;
    return part === 0 ? [] : [{ index, quantity: 0, amount: part }];
  });
}

/** Everything that can be given back: where units were used, the others. */
function allParts(asked: Asked<OrderRefundArgs>, found: StoredOrder): readonly Part[] | Refusal {
  const parts = found.lines.flatMap((line, index) => {
    const quantity = refundable(asked, line);
    return quantity === 0 ? [] : [{ index, quantity, amount: worth(line, quantity) }];
  });
  return parts.length > 0 ? parts : tooMuch(asked, found.lines);
}

function partsOfLines(
  asked: Asked<OrderRefundArgs>,
  found: StoredOrder,
  lines: readonly OrderLineBody[],
): readonly Part[] | Refusal {
  const parts: Part[] = [];
  for (const [i, { sku, quantity }] of lines.entries()) {
    const index = found.lines.findIndex((line) => line.sku === sku);
    const line = found.lines[index];
    if (line === undefined) return invalid(`/lines/${i}/sku`, 'is not in the order');
    if (parts.some((part) => part.index === index)) {
      return invalid(`/lines/${i}/sku`, 'is in another line already');
    }
    if (line.refundedQuantity === line.quantity) return refuse('already_refunded', { sku });
    if (quantity > refundable(asked, line)) return tooMuch(asked, [line]);
    parts.push({ index, quantity, amount: worth(line, quantity) });
  }
  return parts;
}

/** Units of a line that can be given back: those that are unused, unless it is forced. */
function refundable(asked: Asked<OrderRefundArgs>, line: StoredLine): number {
  const open = line.quantity - line.refundedQuantity;
  const { revoke = 'unused' } = asked.args;
  // Units of kind `currency` are used up when they are given; the credits are taken back.
  if (revoke !== 'unused' || line.kind === 'currency') return open;
  return Math.min(open, remainingOf(lotOf(asked, line), asked.time));
}

function lotOf({ read }: Pick<Asked, 'read'>, line: StoredLine): Lot {
  return read('own', LOT + line.lot) as Lot;
}

/** Says what can be given back of the lines. */
function tooMuch(asked: Asked<OrderRefundArgs>, of: readonly StoredLine[]): Refusal {
  const lines = of.map((line) => ({ sku: line.sku, refundable: refundable(asked, line) }));
  const max_refundable = of.reduce((sum, line) => sum + worth(line, refundable(asked, line)), 0);
  return refuse('refund_exceeds_remaining', { max_refundable, lines });
}

function give(asked: Asked<OrderRefundArgs>, found: StoredOrder, parts: readonly Part[]): Ruling {
  const { args, account, fresh } = asked;
  const amount = parts.reduce((sum, part) => sum + part.amount, 0);
  const takesBack = args.revoke !== 'none';
  const clawed = takesBack ? clawbackOf(found, parts) : 0;
  const after = (account?.balance ?? 0) + (amount - clawed);
  if (clawed > amount && after < 0 && args.revoke !== 'force') {
    return refuse('clawback_insufficient_funds', {
      balance: account?.balance,
      required: clawed - amount,
    });
  }
  const taken = takesBack ? takeBack(asked, found, parts) : { changes: [], revoked: [] };
  const given: StoredRefund = {
    refund_id: `ref_${fresh}`,
    order_id: found.id,
    amount,
    lines: parts.map((part) => ({
      sku: (found.lines[part.index] as StoredLine).sku,
      quantity: part.quantity,
      amount: part.amount,
    })),
    revoked: taken.revoked,
    ...(clawed > 0 && { clawed_back: clawed }),
    warnings: warningsOf(asked, found, parts),
  };
  return grant(
    [...move('treasury', 'player', amount), ...move('player', 'issuance', clawed)],
    [
      change(ORDER + found.id, refunded(found, parts)),
      ...taken.changes,
      change(REFUND + given.refund_id, given),
    ],
  );
}

/** Credits that the refunded units had given. */
function clawbackOf({ lines }: StoredOrder, parts: readonly Part[]): number {
  return parts.reduce((sum, { index, quantity }) => {
    return sum + ((lines[index] as StoredLine).grants ?? 0) * quantity;
  }, 0);
}

interface Taken {
  readonly changes: readonly Change[];
  readonly revoked: OrderRefund['revoked'];
}

function takeBack(asked: Asked<unknown>, { lines }: StoredOrder, parts: readonly Part[]): Taken {
  const taken = parts.flatMap(({ index, quantity }) => {
    const line = lines[index] as StoredLine;
    const lot = lotOf(asked, line);
    // Units of kind `currency` are used up when they are given: those that are taken back were not.
    const unused = line.kind === 'currency' ? quantity : 0;
    const units = unused + Math.min(quantity - unused, remainingOf(lot, asked.time));
    return units === 0 ? [] : [{ lot, units, unused, holding: holdingOf(asked.read, line.sku) }];
  });
  return {
    changes: taken.flatMap(({ lot, units, unused, holding }) => {
      return reduceLot(lot, { consumed: 0 - unused, revoked: units }, holding);
    }),
    revoked: taken.map(({ lot, units }) => {
      return { entitlement_id: lot.id, sku: lot.sku, quantity: units };
    }),
  };
}

/** What could not be taken back, for whoever reads the answer. */
function warningsOf(
  asked: Asked<OrderRefundArgs>,
  { lines }: StoredOrder,
  parts: readonly Part[],
): readonly string[] {
  const { revoke = 'unused' } = asked.args;
  if (revoke === 'none') return [];
  return lines.flatMap((line, index) => {
    if (line.kind === 'currency') return [];
    const lot = lotOf(asked, line);
    const units = parts.find((part) => part.index === index)?.quantity ?? 0;
    if (asked.args.lines !== undefined && units === 0) return [];
    const open = line.quantity - line.refundedQuantity;
    const remaining = remainingOf(lot, asked.time);
    let missing = (asked.args.lines === undefined ? open : units) - remaining;
    const gone = {
      consumed: lot.consumed,
      already_revoked: lot.revoked - line.refundedQuantity,
      expired: lot.granted - lot.consumed - lot.revoked - remaining,
    };
    return Object.entries(gone).flatMap(([why, count]) => {
      const told = Math.min(count, missing);
      if (told <= 0) return [];
      missing -= told;
      return [`${why}: ${told} of ${line.sku}`];
    });
  });
}

function refunded(found: StoredOrder, parts: readonly Part[]): StoredOrder {
  const lines = found.lines.map((line, index) => {
    const part = parts.find((other) => other.index === index);
    if (part === undefined) return line;
    return {
      ...line,
      refundedQuantity: line.refundedQuantity + part.quantity,
      refundedAmount: line.refundedAmount + part.amount,
    };
  });
  const history: StoredOrder['history'] =
    refundStatusOf(lines) === 'FULL' ? [...found.history, 'REFUNDED'] : found.history;
  return { ...found, lines, history };
}

function refundAfter(entry: RequestEntry<unknown, unknown>): OrderRefund {
  const { changes, time, balance } = entry;
  const order = changed<StoredOrder>(changes, ORDER);
  return {
    ...changed<StoredRefund>(changes, REFUND),
    order_status: statusOf(order, time),
    refund_status: refundStatusOf(order.lines),
    balance_after: balance,
    created_at: rfc3339(time),
  };
}
