import { changed, type RequestEntry } from './request.js';
import type { Item, Order, OrderLine, OrderStatus, RefundStatus } from './resources.js';
import { rfc3339 } from './rfc3339.js';

/** Document: an order. */
export const ORDER = 'o:';
/** In front of the 32 hex digits of an order's id. */
export const orderPrefix = 'ord_';

/** A line as it is kept: what was frozen when the order was made, and what became of it. */
export interface StoredLine {
  readonly sku: string;
  readonly version: number;
  readonly kind: Item['kind'];
  readonly price: number;
  readonly quantity: number;
  readonly grants?: number | undefined;
  readonly duration?: number | undefined;
  readonly max?: number | undefined;
  readonly refundedQuantity: number;
  readonly refundedAmount: number;
  readonly lot?: string;
}

/** An order as it is kept; times in milliseconds since 1970. */
export interface StoredOrder {
  readonly id: string;
  readonly history: readonly OrderStatus[];
  readonly total: number;
  readonly lines: readonly StoredLine[];
  readonly created: number;
  readonly expires: number;
  readonly completed?: number;
  /** The entry that paid for it, 32 hex digits. */
  readonly paid?: string;
}

export function isExpired({ history, expires }: StoredOrder, time: number): boolean {
  return history.at(-1) === 'PENDING' && expires <= time;
}

/** A PENDING order whose time is over is cancelled, without an entry that says so. */
export function statusOf(stored: StoredOrder, time: number): OrderStatus {
  return isExpired(stored, time) ? 'CANCELLED' : (stored.history.at(-1) as OrderStatus);
}

/** How much of a line or an order was given back. A free line is given back by its units. */
export function refundStatusOf(lines: readonly StoredLine[]): RefundStatus {
  if (lines.every(isRefunded)) return 'FULL';
  return lines.every(isWhole) ? 'NONE' : 'PARTIAL';
}

function isRefunded(line: StoredLine): boolean {
  if (line.price === 0) return line.refundedQuantity === line.quantity;
  return line.refundedAmount === line.price * line.quantity;
}

/** Nothing of it was given back. */
function isWhole(line: StoredLine): boolean {
  return line.refundedAmount === 0 && line.refundedQuantity === 0;
}

/** Made member by member: of what is told of a purchase, copies cost more than the rest. */
type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** An order as an entry left it. */
export function orderAfter(entry: RequestEntry<unknown, unknown>): Order {
  const { changes, player, currency, time } = entry;
  const stored = changed<StoredOrder>(changes, ORDER);
  const told = orderOf(stored, player, currency, time);
  if (stored.completed === time) told.balance_after = entry.balance;
  return told;
}

/** An order as it is told at a time. */
export function orderOf(
  stored: StoredOrder,
  player: string,
  currency: string,
  time: number,
): Mutable<Order> {
  const expired = isExpired(stored, time);
  const status = statusOf(stored, time);
  const told: Mutable<Order> = {
    order_id: stored.id,
    player_id: player,
    status,
    total: stored.total,
    currency,
    lines: stored.lines.map(lineOf),
    refunded_amount: stored.lines.reduce((sum, line) => sum + line.refundedAmount, 0),
    refund_status: refundStatusOf(stored.lines),
    history: expired ? [...stored.history, 'CANCELLED'] : stored.history,
    created_at: rfc3339(stored.created),
    expires_at: rfc3339(stored.expires),
  };
  if (status === 'CANCELLED') told.cancel_reason = expired ? 'EXPIRED' : 'USER';
  if (stored.completed !== undefined) told.completed_at = rfc3339(stored.completed);
  return told;
}

function lineOf(line: StoredLine): OrderLine {
  const whole = isWhole(line) ? 'NONE' : 'PARTIAL';
  const told: Mutable<OrderLine> = {
    sku: line.sku,
    item_version: line.version,
    kind: line.kind,
    unit_price: line.price,
    quantity: line.quantity,
    refunded_quantity: line.refundedQuantity,
    refunded_amount: line.refundedAmount,
    refund_status: isRefunded(line) ? 'FULL' : whole,
  };
  if (line.lot !== undefined) told.entitlement_id = line.lot;
  return told;
}
