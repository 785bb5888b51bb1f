import { canUndo, movedBy, type Rule, rules } from './checks.js';
import type { Dialect } from './dialects.js';
import { move } from './money.js';
import type { Accepted, BetCommand, Decision, Mark, Reference, Situation } from './vocabulary.js';

/** The entry's mark on the transaction that a win or rollback names. */
function markOf({ kind }: BetCommand, reference: Reference | undefined): Mark {
  if (kind === 'win') return reference === undefined ? 'none' : 'settle';
  if (kind !== 'rollback') return 'none';
  if (reference === undefined) return 'tombstone';
  return canUndo(reference) ? 'roll back' : 'none';
}

function accept(command: BetCommand, reference: Reference | undefined): Accepted {
  const postings = move('player', 'house', -movedBy(command, reference));
  return { kind: 'accepted', postings, mark: markOf(command, reference) };
}

/** Decides bets, wins, rollbacks and balance reads: the first check that speaks, or yes. */
export type DecideBet = (command: BetCommand, situation: Situation) => Decision;

export function betRules(dialect: Dialect): DecideBet {
  const order: readonly Rule[] = dialect.order.map((check) => rules[check]);
  return (command, situation) => {
    for (const rule of order) {
      const verdict = rule(command, situation, dialect);
      if (typeof verdict === 'string') return { kind: 'rejected', rejection: verdict };
      if (verdict !== undefined) return verdict;
    }
    if (command.kind !== 'read') return accept(command, situation.reference);
    return { kind: 'answered', balance: situation.account?.balance ?? 0 };
  };
}
