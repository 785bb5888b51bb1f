import type { Answer as BetAnswer } from '../../dist/engine/bodies.js';
import type { Outcome } from '../../dist/engine/economy.js';
import type { Wallet } from '../../dist/engine/wallet.js';
import { type Answer, numberOf, type Op, transactionIdOf, uuidOf } from './history.js';

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
    case 'create':
      return done(wallet.players.create({ player_id: user, initial_balance: amount }));
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
    replayed: undefined,
    text: JSON.stringify(answer),
  };
}

interface Told {
  readonly player_id?: string;
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
