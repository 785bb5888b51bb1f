import type { Check, Dialect } from './dialects.js';
import {
  absent,
  type BetCommand,
  type Decision,
  type Fault,
  type Faults,
  type Field,
  fields,
  mistyped,
  type Reference,
  type Rejection,
  type Situation,
} from './vocabulary.js';

/** A check refuses, knows the answer already, or passes (undefined). */
type Verdict = Rejection | Decision | undefined;
export type Rule = (command: BetCommand, situation: Situation, dialect: Dialect) => Verdict;

/** What is wrong with the form of some fields: an absent one counts before a mistyped one. */
function formOf(...names: readonly Field[]): (faults: Faults) => Fault | undefined {
  const missing = names.reduce((bits, field) => bits | absent(field), 0);
  const wrong = names.reduce((bits, field) => bits | mistyped(field), 0);
  return (faults) => {
    if ((faults & missing) !== 0) return 'RS_ERROR_WRONG_SYNTAX';
    return (faults & wrong) === 0 ? undefined : 'RS_ERROR_WRONG_TYPES';
  };
}

const anyForm = formOf(...fields);
const userForm = formOf('user');
const amountForm = formOf('amount');
const currencyForm = formOf('currency');
const transactionAbsent = absent('transaction');
const referenceAbsent = absent('reference');

/** The faults that count: a promotional win may lack its reference where the dialect says so. */
function faultsOf({ faults, kind, promo }: BetCommand, dialect: Dialect): Faults {
  return kind === 'win' && promo && dialect.promoWinNeedsNoBet ? faults & ~referenceAbsent : faults;
}

function amountSign({ kind, amount }: BetCommand, dialect: Dialect): Verdict {
  if (kind !== 'bet' && kind !== 'win') return undefined;
  // A negative zero is a mistake of the sender, not an amount.
  if (amount < 0 || Object.is(amount, -0)) return dialect.negativeAmount;
  return amount === 0 ? dialect.zeroAmount : undefined;
}

/** Comes before all that depends on the state: a retry must not be refused for it. */
function transactionId({ kind, faults }: BetCommand, situation: Situation): Verdict {
  if (kind === 'read') return undefined;
  if ((faults & transactionAbsent) !== 0) return 'RS_ERROR_WRONG_SYNTAX';
  const { known, takenElsewhere, tombstoned } = situation;
  if (takenElsewhere) return 'RS_ERROR_DUPLICATE_TRANSACTION';
  if (known === undefined) {
    // A rollback of a rollback has no effect, whichever of them comes first.
    return tombstoned && kind !== 'rollback' ? 'RS_ERROR_DUPLICATE_TRANSACTION' : undefined;
  }
  // What was rolled back no longer stands: to answer RS_OK would say that it does.
  if (!known.same || known.rolledBack) return 'RS_ERROR_DUPLICATE_TRANSACTION';
  return { kind: 'duplicate', balance: known.balance };
}

function currency(command: BetCommand, { account }: Situation): Verdict {
  if (command.kind !== 'bet' && command.kind !== 'win') return undefined;
  const fault = currencyForm(command.faults);
  if (fault !== undefined) return fault;
  return command.currency === account?.currency ? undefined : 'RS_ERROR_WRONG_CURRENCY';
}

function limitReached({ kind, free, amount }: BetCommand, situation: Situation): Verdict {
  const limits = situation.account?.limits;
  if (kind !== 'bet' || free || limits === undefined) return undefined;
  const { max_bet = Infinity, daily_stake = Infinity, daily_loss = Infinity } = limits;
  const { staked, won } = situation.daily ?? { staked: 0, won: 0 };
  const exceeds =
    amount > max_bet || staked + amount > daily_stake || staked + amount - won > daily_loss;
  return exceeds ? 'RS_ERROR_LIMIT_REACHED' : undefined;
}

/** A win stands on a bet of its own user that was not rolled back. */
function referenceStands(command: BetCommand, { reference }: Situation, dialect: Dialect): Verdict {
  if ((faultsOf(command, dialect) & referenceAbsent) !== 0) return 'RS_ERROR_WRONG_SYNTAX';
  if (command.kind !== 'win' || !command.hasReference) return undefined;
  if (reference?.kind !== 'bet' || reference.rolledBack) {
    return 'RS_ERROR_TRANSACTION_DOES_NOT_EXIST';
  }
  return reference.settled ? dialect.secondWin : undefined;
}

function funds(command: BetCommand, { account, reference }: Situation): Verdict {
  const balance = account?.balance ?? 0;
  const after = balance + movedBy(command, reference);
  if (command.kind === 'bet' && !command.free && command.amount > balance) {
    return 'RS_ERROR_NOT_ENOUGH_MONEY';
  }
  return Number.isSafeInteger(after) ? undefined : 'RS_ERROR_UNKNOWN';
}

/** What an accepted command moves to the player, in minor units. */
export function movedBy(command: BetCommand, reference: Reference | undefined): number {
  switch (command.kind) {
    case 'bet':
      return command.free ? 0 : 0 - command.amount;
    case 'win':
      return command.amount;
    case 'rollback':
      return canUndo(reference) ? 0 - reference.moved : 0;
    case 'read':
      return 0;
  }
}

/** Whether a rollback has something to undo: a bet or win that still stands. */
export function canUndo(reference: Reference | undefined): reference is Reference {
  if (reference === undefined || reference.rolledBack) return false;
  return reference.kind === 'bet' || reference.kind === 'win';
}

/** Every check that a dialect can name. */
export const rules: Readonly<Record<Check, Rule>> = {
  form: (command, _situation, dialect) => anyForm(faultsOf(command, dialect)),
  'amount form': ({ faults }) => amountForm(faults),
  'amount sign': (command, _situation, dialect) => amountSign(command, dialect),
  user: ({ faults }, { account }) =>
    userForm(faults) ?? (account === undefined ? 'RS_ERROR_UNKNOWN' : undefined),
  'transaction id': transactionId,
  currency,
  'user status': ({ kind }, { account }) =>
    kind === 'bet' && account?.disabled ? 'RS_ERROR_USER_DISABLED' : undefined,
  limits: limitReached,
  reference: referenceStands,
  funds,
};
