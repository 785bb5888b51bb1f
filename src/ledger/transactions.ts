import { PAYMENT, type StoredPayment } from './payments.js';
import { changed, type RequestEntry } from './request.js';
import type { Transaction, TransactionType } from './resources.js';
import { rfc3339 } from './rfc3339.js';
import { ORDER, orderPrefix, type StoredOrder } from './stored-orders.js';
import type { Kind } from './vocabulary.js';

const PREFIX = 'tx_';

/** What callers know a transaction by; `id` is that of its entry, 32 hex digits. */
export function transactionIdOf(id: string): string {
  return PREFIX + id;
}

/** The entry's id in a transaction's; empty for another text. */
export function idIn(transaction: string): string {
  return transaction.startsWith(PREFIX) ? transaction.slice(PREFIX.length) : '';
}

/** What a kind of entry is called in the history; undefined: it moves no money and is not there. */
const types: Readonly<Record<Kind, TransactionType | undefined>> = {
  genesis: undefined,
  open: 'OPENING',
  bet: 'BET',
  win: 'WIN',
  rollback: 'ROLLBACK',
  status: undefined,
  limits: undefined,
  credit: 'CREDIT',
  spend: 'SPEND',
  refund: 'REFUND',
  transfer: 'TRANSFER_OUT',
  deliver: 'TRANSFER_IN',
  settle: 'TRANSFER_RETURN',
  order: 'ORDER',
  complete: 'ORDER',
  cancel: undefined,
  order_refund: 'ORDER_REFUND',
  consume: undefined,
  revoke: undefined,
  payment: undefined,
  payment_event: 'PAYMENT',
  park: undefined,
  link: undefined,
  signup: 'SIGNUP_BONUS',
  top_up: 'TOP_UP',
  item: undefined,
  read: undefined,
  player: undefined,
  probe: undefined,
  query: undefined,
};

/** Kinds that are in the history only when they moved money. */
const onlyWithMoney: ReadonlySet<Kind> = new Set([
  'open',
  'order',
  'settle',
  'payment_event',
  'signup',
]);

/** What an entry is in its player's history; undefined when it is not told there. */
export function typeOf({ kind, args, moved }: RequestEntry): TransactionType | undefined {
  const type = types[kind];
  if (type === undefined || (moved === 0 && onlyWithMoney.has(kind) && !isCompleted(args))) {
    return undefined;
  }
  if (kind === 'payment_event' && moved < 0) return 'CLAWBACK';
  if (kind === 'deliver' && (args as { type?: string }).type === 'REFERRAL') {
    return 'REFERRAL_BONUS';
  }
  return type;
}

function isCompleted(args: unknown): boolean {
  return (args as { complete?: boolean } | null)?.complete === true;
}

/** What the arguments of the different kinds tell a reader of the history. */
interface Tellable {
  readonly reason?: string;
  readonly reference?: string;
  readonly note?: string;
  readonly spend?: string;
  readonly returned?: string;
  readonly order?: string;
  readonly payment?: string;
  readonly to?: string;
  readonly from?: string;
}

/** The line of the history for an entry. */
export function transactionOf(entry: RequestEntry<unknown, unknown>): Transaction {
  const { args, context, moved, kind } = entry as RequestEntry<Tellable | null>;
  const { reason, reference, note, order, payment, to, from } = args ?? {};
  const refund_of = refundedBy(entry);
  const order_id = order ?? (kind === 'order' ? orderPrefix + entry.fresh : undefined);
  const counterparty = to ?? from;
  return {
    transaction_id: transactionIdOf(entry.id),
    player_id: entry.player,
    type: typeOf(entry as RequestEntry) ?? 'CREDIT',
    amount: Math.abs(moved),
    sign: moved < 0 || isDebit(kind) ? -1 : 1,
    currency: entry.currency,
    balance_after: entry.balance,
    ...(reason !== undefined && { reason }),
    ...(reference !== undefined && { reference }),
    ...(note !== undefined && { note }),
    ...(refund_of !== undefined && { refund_of }),
    ...(order_id !== undefined && { order_id }),
    ...(payment !== undefined && { payment_id: payment }),
    ...(counterparty !== undefined && { counterparty }),
    by: context?.by ?? 'service',
    created_at: rfc3339(entry.time),
  };
}

/** The transaction that is given back: a spend, a transfer, or what paid for an order or a payment. */
function refundedBy(entry: RequestEntry<unknown, unknown>): string | undefined {
  const { kind, args, changes } = entry;
  if (kind === 'order_refund') return paidBy(changed<StoredOrder>(changes, ORDER));
  if (typeOf(entry as RequestEntry) === 'CLAWBACK') {
    return paidBy(changed<StoredPayment>(changes, PAYMENT));
  }
  const { spend, returned } = (args ?? {}) as Tellable;
  return spend ?? returned;
}

function paidBy({ paid }: { readonly paid?: string }): string | undefined {
  return paid === undefined ? undefined : transactionIdOf(paid);
}

/** The sign of an entry that moved nothing. */
function isDebit(kind: Kind): boolean {
  return kind === 'bet' || kind === 'spend' || kind === 'transfer';
}
