import { consume, revoke } from '../../ledger/entitlements.js';
import { isObject, unknownIn } from '../../ledger/forms.js';
import { orderRefund } from '../../ledger/order-refunds.js';
import { type OrderArgs, type OrderOnlyArgs, order } from '../../ledger/orders.js';
import type { RequestKind } from '../../ledger/vocabulary.js';
import type { Entitlements, Order, Orders, Outcome, Refused, RequestOptions } from '../economy.js';
import type { Requests } from '../requests.js';
import { argsOf, pageOf } from './arguments.js';
import type { Catalogue } from './catalogue.js';

export function ordersOf(requests: Requests, catalogue: Catalogue, currency: string): Orders {
  const step = (
    kind: RequestKind,
    player: string,
    order: string,
    options: RequestOptions,
  ): Promise<Outcome<Order>> => {
    const args: OrderOnlyArgs = { order };
    return requests.ask({ kind, player, args }, options);
  };
  return {
    create: (player, body, options) => {
      return requests.ask(orderOf(player, body, catalogue, currency), options);
    },
    complete: (player, order, options) => step('complete', player, order, options),
    cancel: (player, order, options) => step('cancel', player, order, options),
    refund: (player, order, body, options) => {
      const args = withLines(argsOf(orderRefund.form, body, { order }));
      return requests.ask({ kind: 'order_refund', player, args }, options);
    },
    get: (player, id) => requests.query(player, { what: 'order', id }),
    list: (player, page) => requests.query(player, { ...pageOf(page), what: 'orders' }),
  };
}

/** The request for an order, with the items that its lines mean now. */
export function orderOf(
  player: string,
  body: unknown,
  catalogue: Catalogue,
  currency: string,
  purchase?: OrderArgs['purchase'],
) {
  const args = withLines(argsOf<OrderArgs>(order.form, body, { purchase }));
  const items = 'ok' in args || !Array.isArray(args.lines) ? [] : catalogue.resolve(args.lines);
  return { kind: 'order', player, args, context: { items, currency } } as const;
}

const LINE = ['sku', 'quantity'];

/** Lines are equal bytes too; one that is none is left for the ledger to refuse. */
function withLines<T extends { readonly lines?: unknown } | Refused>(args: T): T {
  if ('ok' in args || !Array.isArray(args.lines)) return args;
  return Object.assign(args, { lines: args.lines.map(plainLine) });
}

function plainLine(line: unknown): unknown {
  if (!isObject(line) || unknownIn(line, LINE) !== undefined) return line;
  const { sku, quantity } = line;
  return { sku, quantity };
}

export function entitlementsOf(requests: Requests): Entitlements {
  return {
    list: (player, page) => requests.query(player, { ...pageOf(page), what: 'entitlements' }),
    consume: (player, entitlement, body, options) => {
      const args = argsOf(consume.form, body, { entitlement });
      return requests.ask({ kind: 'consume', player, args }, options);
    },
    revoke: (player, entitlement, body, options) => {
      const args = argsOf(revoke.form, body, { entitlement });
      return requests.ask({ kind: 'revoke', player, args }, options);
    },
  };
}
