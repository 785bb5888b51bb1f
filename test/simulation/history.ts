export type OpKind =
  | 'create'
  | 'bet'
  | 'win'
  | 'rollback'
  | 'credit'
  | 'spend'
  | 'refund'
  | 'transfer'
  | 'order'
  | 'order_refund'
  | 'consume'
  /** An order that is not paid for yet, and what becomes of it. */
  | 'reserve'
  | 'complete'
  | 'cancel'
  /** A new price in the catalogue, which is nobody's. */
  | 'price'
  | 'read'
  /** The money of a transfer: nobody asks for it. */
  | 'arrival'
  | 'return';

/** What a client wants, decided before anything happens. */
export interface Op {
  readonly index: number;
  readonly lane: number;
  readonly kind: OpKind;
  readonly user: string;
  readonly to: string;
  readonly amount: number;
  /** The operation that it names: a win its bet, a refund its spend. */
  readonly names: number | undefined;
  /** What a unit costs, once somebody was told. */
  readonly price?: number | undefined;
  /** The operation whose id it carries, with another content. */
  readonly steals: number | undefined;
  /** How many times it is sent at once. */
  readonly copies: number;
  /** Milliseconds that the client waits before it, and for an answer. */
  readonly pause: number;
  readonly patience: number;
}

/** One time that it was sent. `at` and `done` count what happened, in order. */
export interface Attempt {
  readonly at: number;
  done?: number;
  answer?: Answer;
}

/** An answer, as the oracle looks at it; what it does not say is absent. */
export interface Answer {
  readonly ok: boolean;
  readonly code: string;
  readonly balance?: number | undefined;
  /** Units that are left of what was consumed. */
  readonly left?: number | undefined;
  /** What the history calls the entry: a transaction's id, or a type and an order's id. */
  readonly id?: string | undefined;
  /** What others name it by, and the lot that it gave. */
  readonly handle?: string | undefined;
  readonly lot?: string | undefined;
  /** What a unit costs, and which version of the item says so. */
  readonly price?: number | undefined;
  readonly item?: number | undefined;
  /** Whether it was given before. */
  readonly replayed?: boolean;
  /** The player's version after it. */
  readonly version?: number | undefined;
  readonly text: string;
}

/** An operation and everything that was said about it. */
export interface Sent {
  readonly op: Op;
  readonly attempts: Attempt[];
}

/** One line of a player's history, as the wallet tells it, oldest first. */
export interface Line {
  readonly id: string;
  /** With its sign. */
  readonly moved: number;
  /** What it had then; where it did not change, nobody says. */
  readonly balance: number | undefined;
  /** The player's version after it. */
  readonly version: number;
}

/** What is seen at the end, with nothing under way. */
export interface Seen {
  readonly lines: ReadonlyMap<string, readonly Line[]>;
  readonly balances: ReadonlyMap<string, number>;
}

/** The operation whose id it carries: mostly itself. */
export function numberOf({ index, steals }: Op): number {
  return steals ?? index;
}

export function uuidOf(number: number): string {
  return `5eed0000-0000-4000-8000-${number.toString(16).padStart(12, '0')}`;
}

/** What the history calls a transaction of the wallet protocol. */
export function transactionIdOf(number: number): string {
  return `tx_${uuidOf(number).replaceAll('-', '')}`;
}

/** What the history calls its entry, where that is known before it is answered. */
export function predictedId(op: Op): string | undefined {
  if (op.kind === 'create') return `OPENING ${op.user}`;
  if (op.kind === 'arrival') return `TRANSFER_IN ${op.to}`;
  if (op.kind === 'return') return 'TRANSFER_RETURN';
  if (isSilent(op)) return `#${op.index}`;
  return ['bet', 'win', 'rollback'].includes(op.kind) ? transactionIdOf(numberOf(op)) : undefined;
}

/** Units of an order, or of its lot. */
export function unitsOf({ amount }: Op): number {
  return 1 + (amount % 3);
}

/** Whether it moves no money, and has no line in what the wallet tells. */
function isSilent({ kind }: Op): boolean {
  return kind === 'consume' || kind === 'reserve' || kind === 'cancel';
}

/** The answer that accepted it. */
export function acceptance({ attempts }: Sent): Answer | undefined {
  return attempts.find(({ answer }) => answer?.ok)?.answer;
}

/** When something was first asked for, and first answered; Infinity: never. */
export interface Span {
  readonly begin: number;
  readonly end: number;
}

export function spanOf({ attempts }: Sent): Span {
  const accepted = attempts.filter(({ answer }) => answer?.ok).map(({ done = 0 }) => done);
  return { begin: attempts[0]?.at ?? 0, end: Math.min(...accepted) };
}

export function nameOf({ index, kind, user }: Op): string {
  return `#${index} ${kind} of ${user}`;
}

/** Whether a line is an operation's: one that was undone before its answer came never has one. */
export function isOf(one: Sent, user: string, { id, moved }: Line): boolean {
  if (one.op.user !== user) return false;
  const accepted = acceptance(one);
  if (accepted?.id !== undefined) return accepted.id === id;
  return predictedId(one.op) === id && one.op.amount === Math.abs(moved);
}

/** A history with lines for what has none: the versions of their answers tell where they stand. */
export function withSilent(lines: readonly Line[], own: readonly Sent[]): readonly Line[] {
  const silent = own.flatMap((one) => {
    const answer = isSilent(one.op) ? acceptance(one) : undefined;
    if (answer === undefined) return [];
    const { id = '', version = 0 } = answer;
    return [{ id, moved: 0, balance: undefined, version }];
  });
  return [...lines, ...silent].sort((a, b) => a.version - b.version);
}

/**
 * What clients asked for, and what came of it without them: the players who were there from the
 * start, and the money of transfers, which arrives or comes back.
 */
export function withConsequences(
  sent: readonly Sent[],
  users: readonly string[],
  amount: number,
): Sent[] {
  const openings = users.map((user, i) => {
    return {
      op: { ...NOBODYS, index: -2 - i, kind: 'create', user, amount } as Op,
      attempts: OPENED,
    };
  });
  const asked = sent.map(({ op, attempts }) => {
    return { op: { ...op, price: acceptance({ op, attempts })?.price }, attempts };
  });
  const all = [...openings, ...asked];
  // Of equal transfers, the one that was sent first arrives first.
  const transfers = asked.filter((one) => one.op.kind === 'transfer' && acceptance(one));
  transfers.sort((a, b) => spanOf(a).begin - spanOf(b).begin);
  return [...all, ...transfers.flatMap((one) => arrivalsOf(one, all))];
}

/** The money comes back only from those who were not there; where both can be, it is one of them. */
function arrivalsOf(transfer: Sent, all: readonly Sent[]): Sent[] {
  const { index, user, to, amount } = transfer.op;
  const { begin } = spanOf(transfer);
  const creations = all.filter(({ op }) => op.kind === 'create' && op.user === to);
  const plan = { ...NOBODYS, index: ARRIVALS + index, amount };
  const arrives: Op = { ...plan, kind: 'arrival', user: to, to: user };
  const returns: Op = { ...plan, kind: 'return', user };
  const ops = [
    ...(creations.length > 0 ? [arrives] : []),
    ...(creations.every((one) => spanOf(one).end > begin) ? [returns] : []),
  ];
  const answer = ops.length === 1 ? { answer: ACCEPTED } : {};
  return ops.map((op) => ({ op, attempts: [{ at: begin, done: Infinity, ...answer }] }));
}

const ARRIVALS = 1_000_000;
const NOBODYS = {
  lane: 0,
  to: '',
  names: undefined,
  steals: undefined,
  copies: 1,
  pause: 0,
  patience: 0,
};
const ACCEPTED: Answer = { ok: true, code: '', text: '' };
const OPENED = [{ at: 0, done: 0, answer: ACCEPTED }];
