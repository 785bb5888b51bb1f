import type { Answer as BetAnswer } from '../../dist/engine/bodies.js';
import type { Outcome } from '../../dist/engine/economy.js';
import type { Wallet } from '../../dist/engine/wallet.js';
import {
  type Answer,
  numberOf,
  type Op,
  type OpKind,
  predictedId,
  unitsOf,
  uuidOf,
} from './history.js';

/** Sends an operation; undefined when it names one whose id its client does not know. */
export function call(
  wallet: Wallet,
  op: Op,
  answerOf: (op: number) => Answer | undefined,
): Promise<Answer> | undefined {
  const { user, amount, to } = op;
  const options = { idempotencyKey: `key-${op.index}` };
  const { handle, lot } = (op.names === undefined ? undefined : answerOf(op.names)) ?? {};
  switch (op.kind) {
    case 'create':
      return done(wallet.players.create({ player_id: user, initial_balance: amount }), op);
    case 'bet':
      return told(wallet.bet({ ...bodyOf(op), currency: 'USD', amount }), op);
    case 'win':
    case 'rollback':
      return settle(wallet, op);
    case 'read':
      return told(wallet.balance({ user, request_uuid: uuidOf(op.index) }), op);
    case 'arrival':
    case 'return':
      throw new Error('nobody asks for the money of a transfer');
    case 'credit':
      return done(wallet.credits.add(user, { amount, reason: 'BONUS' }, options), op);
    case 'spend':
      return done(wallet.spends.create(user, { amount }, options), op);
    case 'transfer':
      return done(wallet.transfers.create(user, { to, amount }, options), op);
    case 'price':
      return setPrice(wallet, op);
    case 'refund':
      if (handle === undefined) return undefined;
      return done(wallet.spends.refund(user, handle, { amount }, options), op);
    case 'consume':
      if (lot === undefined) return undefined;
      return done(wallet.entitlements.consume(user, lot, { quantity: unitsOf(op) }, options), op);
    default:
      return callForOrder(wallet, op, handle);
  }
}

function callForOrder(
  wallet: Wallet,
  op: Op,
  order: string | undefined,
): Promise<Answer> | undefined {
  const { user, kind } = op;
  const options = { idempotencyKey: `key-${op.index}` };
  if (kind === 'order' || kind === 'reserve') {
    const lines = [{ sku: 'gold_coin', quantity: unitsOf(op) }];
    const body = { lines, complete: kind === 'order' };
    return done(wallet.orders.create(user, body, options), op);
  }
  if (order === undefined) return undefined;
  if (kind === 'complete') return done(wallet.orders.complete(user, order, options), op);
  if (kind === 'cancel') return done(wallet.orders.cancel(user, order, options), op);
  return done(wallet.orders.refund(user, order, {}, options), op);
}

async function setPrice({ items }: Wallet, op: Op): Promise<Answer> {
  const found = await items.get('gold_coin');
  if (!found.ok) throw new Error('the catalogue has lost its item');
  const body = { name: 'Gold coin', kind: 'consumable', price: op.amount } as const;
  const put = await items.put('gold_coin', body, { ifMatch: found.version });
  if (!put.ok) return { ok: false, code: put.code, text: put.code };
  const { version: item, price } = put.value;
  return { ok: true, code: 'ok', item, price, text: '' };
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
    id: predictedId(op),
    text: JSON.stringify(answer),
  };
}

interface Told {
  readonly player_id?: string;
  readonly balance_after?: number;
  readonly remaining?: number;
  readonly transaction_id?: string;
  readonly order_id?: string;
  readonly lines?: readonly TellableLine[];
}

interface TellableLine {
  readonly sku: string;
  readonly entitlement_id?: string;
  readonly unit_price?: number;
  readonly item_version?: number;
}

async function done(asking: Promise<Outcome<Told>>, op: Op): Promise<Answer> {
  const outcome = await asking;
  if (!outcome.ok) {
    const { code, members } = outcome;
    const { balance, required } = members as { balance?: number; required?: number };
    const price = required === undefined ? undefined : required / unitsOf(op);
    return { ok: false, code, balance, price, text: code };
  }
  const { value, replayed, version } = outcome;
  const { balance_after, remaining, transaction_id, order_id } = value;
  const line = value.lines?.[0];
  return {
    ok: true,
    code: 'ok',
    balance: balance_after,
    left: remaining,
    id: predictedId(op) ?? LINES[op.kind]?.concat(` ${order_id}`) ?? transaction_id,
    handle: order_id ?? transaction_id,
    lot: line?.entitlement_id,
    price: line?.unit_price,
    item: line?.item_version,
    replayed,
    // What a creation answers is read after it.
    version: op.kind === 'create' ? undefined : version,
    text: JSON.stringify(value),
  };
}

/** What the history calls entries that have the id of an order. */
const LINES: Readonly<Partial<Record<OpKind, string>>> = {
  order: 'ORDER',
  complete: 'ORDER',
  order_refund: 'ORDER_REFUND',
};
