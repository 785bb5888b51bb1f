import type { Answer, BetBody, Outcome, Wallet } from 'purser';
import { idOf, type Operation } from './operations.js';

type Of<K extends Operation['kind']> = Extract<Operation, { readonly kind: K }>;

/**
 * Asks for an operation, and gives the answer as text; undefined when it was refused, for then
 * nothing is stored. Asked again, the same text must come.
 */
export async function perform(
  wallet: Wallet,
  seed: number,
  operation: Operation,
): Promise<string | undefined> {
  const { kind, number, user } = operation;
  const options = { idempotencyKey: idOf(seed, number) };
  switch (kind) {
    case 'bet':
      return ofAnswer(await wallet.bet(bodyOf(seed, operation)));
    case 'win':
      return ofAnswer(await wallet.win({ ...bodyOf(seed, operation), ...betOf(seed, operation) }));
    case 'rollback': {
      const { amount: _, currency: __, ...body } = bodyOf(seed, operation);
      return ofAnswer(await wallet.rollback({ ...body, ...betOf(seed, operation) }));
    }
    case 'bulk':
      return await bulk(wallet, seed, operation);
    case 'credit': {
      const body = { amount: operation.amount, reason: 'BONUS' } as const;
      return ofOutcome(await wallet.credits.add(user, body, options));
    }
    case 'transfer': {
      const { to, amount } = operation;
      return ofOutcome(await wallet.transfers.create(user, { to, amount }, options));
    }
    case 'order': {
      const lines = [{ sku: 'gold_coin', quantity: 1 }];
      return ofOutcome(await wallet.orders.create(user, { lines, complete: true }, options));
    }
  }
}

async function bulk(wallet: Wallet, seed: number, operation: Of<'bulk'>): Promise<string> {
  const bet = bodyOf(seed, { ...operation, kind: 'bet', amount: 1 });
  const answers = await wallet.batch(
    Array.from({ length: operation.bets }, (_, part) => {
      return { ...bet, op: 'bet', transaction_uuid: uuidOf(seed, operation.number, part) } as const;
    }),
  );
  const refused = answers.find(({ status }) => status !== 'RS_OK');
  if (refused !== undefined) throw new Error(`a bet of a list was refused: ${refused.status}`);
  return JSON.stringify(answers.map(({ balance }) => balance));
}

function bodyOf(seed: number, { number, user, amount }: Of<'bet' | 'win' | 'rollback'>): BetBody {
  const request_uuid = uuidOf(seed, number, -1);
  return { user, amount, currency: 'USD', transaction_uuid: uuidOf(seed, number), request_uuid };
}

function betOf(
  seed: number,
  { bet }: Of<'win' | 'rollback'>,
): { readonly reference_transaction_uuid: string } {
  return { reference_transaction_uuid: uuidOf(seed, bet) };
}

function uuidOf(seed: number, number: number, part?: number): string {
  return idOf(seed, number, part).replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

function ofAnswer(answer: Answer): string | undefined {
  return answer.status === 'RS_OK' ? JSON.stringify(answer) : undefined;
}

function ofOutcome(outcome: Outcome<unknown>): string | undefined {
  return outcome.ok ? JSON.stringify([outcome.version, outcome.value]) : undefined;
}
