import assert from 'node:assert/strict';

/** The accounts that a posting can name; the codes are on disk. `player` is the entry's own user. */
export const accountCodes = {
  player: 0,
  /** The source of all money; below zero by nature. */
  issuance: 1,
  treasury: 2,
  /** Counterpart of bets and wins. */
  house: 3,
  /** Money on its way between partitions. */
  transit: 4,
} as const;

export type FixedAccount = keyof typeof accountCodes;
/** By their codes. */
export const fixedAccounts: readonly FixedAccount[] = Object.keys(accountCodes) as FixedAccount[];
for (const [code, name] of fixedAccounts.entries()) assert.equal(accountCodes[name], code);

/** What a payment provider holds for us; below zero by what it has taken in. */
export type ClearingAccount = `clearing:${string}`;

/** On disk the code of every clearing account; which provider's it is, the request says. */
export const CLEARING_CODE = 5;

export type AccountName = FixedAccount | ClearingAccount;

/** One side of an entry; `amount` in minor units, negative for a debit. */
export interface Posting {
  readonly account: AccountName;
  readonly amount: number;
}

/**
 * Kinds of entries and commands. The codes of entries are on disk; reads, which make none, have codes
 * from 32 on. A transaction stands under a `transaction_uuid`, a request has a content of its own,
 * decided by `ledger/families.ts`.
 */
const kinds = {
  genesis: { code: 1, nature: 'other' },
  open: { code: 2, nature: 'other' },
  bet: { code: 3, nature: 'transaction' },
  win: { code: 4, nature: 'transaction' },
  rollback: { code: 5, nature: 'transaction' },
  status: { code: 6, nature: 'other' },
  limits: { code: 7, nature: 'other' },
  credit: { code: 8, nature: 'request' },
  spend: { code: 9, nature: 'request' },
  refund: { code: 10, nature: 'request' },
  transfer: { code: 11, nature: 'request' },
  deliver: { code: 12, nature: 'request' },
  settle: { code: 13, nature: 'request' },
  order: { code: 14, nature: 'request' },
  complete: { code: 15, nature: 'request' },
  cancel: { code: 16, nature: 'request' },
  order_refund: { code: 17, nature: 'request' },
  consume: { code: 18, nature: 'request' },
  revoke: { code: 19, nature: 'request' },
  payment: { code: 20, nature: 'request' },
  payment_event: { code: 21, nature: 'request' },
  park: { code: 22, nature: 'request' },
  link: { code: 23, nature: 'request' },
  signup: { code: 24, nature: 'request' },
  top_up: { code: 25, nature: 'request' },
  item: { code: 26, nature: 'request' },
  read: { code: 32, nature: 'read' },
  player: { code: 33, nature: 'read' },
  probe: { code: 34, nature: 'read' },
  query: { code: 35, nature: 'read' },
} as const satisfies Readonly<Record<string, { code: number; nature: Nature }>>;

type Nature = 'transaction' | 'request' | 'read' | 'other';

export type Kind = keyof typeof kinds;

type KindsOf<N extends Nature> = {
  [kind in Kind]: (typeof kinds)[kind]['nature'] extends N ? kind : never;
}[Kind];

export type TransactionKind = KindsOf<'transaction'>;
export type RequestKind = KindsOf<'request'>;

/** A set finds one of so many names faster than an object of them does. */
function kindsOf(nature: Nature): ReadonlySet<Kind> {
  return new Set((Object.keys(kinds) as Kind[]).filter((kind) => kinds[kind].nature === nature));
}

const transactions = kindsOf('transaction');
const requests = kindsOf('request');

export function isTransaction(kind: Kind): kind is TransactionKind {
  return transactions.has(kind);
}

export function isRequest(kind: Kind): kind is RequestKind {
  return requests.has(kind);
}

/** Kinds that change something: only they make entries. */
export function isEntry(kind: Kind): boolean {
  return kinds[kind].nature !== 'read';
}

export function codeOfKind(kind: Kind): number {
  return kinds[kind].code;
}

export const kindNames: ReadonlyMap<number, Kind> = new Map(
  (Object.keys(kinds) as Kind[]).map((kind) => [codeOfKind(kind), kind]),
);

/** Refusals, in the words of the wallet protocol. */
export const rejections = [
  'RS_ERROR_UNKNOWN',
  'RS_ERROR_WRONG_SYNTAX',
  'RS_ERROR_WRONG_TYPES',
  'RS_ERROR_USER_DISABLED',
  'RS_ERROR_WRONG_CURRENCY',
  'RS_ERROR_NOT_ENOUGH_MONEY',
  'RS_ERROR_LIMIT_REACHED',
  'RS_ERROR_DUPLICATE_TRANSACTION',
  'RS_ERROR_TRANSACTION_DOES_NOT_EXIST',
] as const;

export type Rejection = (typeof rejections)[number];

/** A field of a command that a caller can leave out or give a wrong type. */
export const fields = [
  'user',
  'transaction',
  'request',
  'currency',
  'amount',
  'reference',
  'optional',
] as const;

export type Field = (typeof fields)[number];
export type Fault = 'RS_ERROR_WRONG_SYNTAX' | 'RS_ERROR_WRONG_TYPES';

/** A set of faults as bits: two for each field, bit 2i absent, bit 2i + 1 of a wrong type. */
export type Faults = number;

/** The bit that says that a field is absent. */
export function absent(field: Field): Faults {
  return 1 << (2 * fields.indexOf(field));
}

/** The bit that says that a field has a wrong type or form. */
export function mistyped(field: Field): Faults {
  return 2 << (2 * fields.indexOf(field));
}

/** A command of the bet family; amounts in minor units. Its ids stay bytes in the partition. */
export interface BetCommand {
  readonly kind: 'bet' | 'win' | 'rollback' | 'read';
  readonly faults: Faults;
  readonly currency: string;
  readonly amount: number;
  /** `is_free`: no money moves, whatever the amount. */
  readonly free: boolean;
  /** `is_supplier_promo`: in hub88 a win of this kind needs no bet. */
  readonly promo: boolean;
  readonly hasReference: boolean;
}

/** Player limits in minor units; an absent one does not limit. */
export interface Limits {
  /** The largest single bet. */
  readonly max_bet?: number;
  /** All bets of one UTC day together. */
  readonly daily_stake?: number;
  /** Bets less wins of one UTC day. */
  readonly daily_loss?: number;
}

/** A player's account: what every rule of money reads and `apply` changes. */
export interface Account {
  readonly currency: string;
  balance: number;
  /** Counts the entries of this account; the first entry makes it 1. */
  version: number;
  disabled: boolean;
  /** Whether a rollback of an unknown transaction was recorded for this user. */
  tombstones: boolean;
  limits: Limits | undefined;
}

/** The entry that stands under a command's transaction id. */
export interface Known {
  /** Whether it was asked for with the same content, as the dialect compares it. */
  readonly same: boolean;
  readonly rolledBack: boolean;
  /** The balance that was answered then. */
  readonly balance: number;
}

/** The user's own transaction that a win or rollback names. */
export interface Reference {
  readonly kind: Kind;
  /** What it posted to the player; negative for a bet. */
  readonly moved: number;
  /** When it was made, milliseconds since 1970. */
  readonly time: number;
  readonly settled: boolean;
  readonly rolledBack: boolean;
}

/** What a player staked and won in one UTC day; what was rolled back does not count. */
export interface Daily {
  /** Days since 1970-01-01. */
  readonly day: number;
  /** Minor units. */
  readonly staked: number;
  readonly won: number;
}

/** What the partition knows about a command before it decides. */
export interface Situation {
  readonly account: Account | undefined;
  readonly known: Known | undefined;
  /** Another partition has an entry under the command's id. */
  readonly takenElsewhere: boolean;
  /** The user rolled this id back before it came. */
  readonly tombstoned: boolean;
  readonly reference: Reference | undefined;
  /** The player's day so far, when a limit asks for it. */
  readonly daily: Daily | undefined;
}

/** How an accepted entry changes the standing of the transaction that it names. */
export type Mark = 'none' | 'settle' | 'roll back' | 'tombstone';

export interface Accepted {
  readonly kind: 'accepted';
  readonly postings: readonly Posting[];
  readonly mark: Mark;
}

export type Decision =
  | Accepted
  | { readonly kind: 'answered'; readonly balance: number }
  | { readonly kind: 'duplicate'; readonly balance: number }
  | { readonly kind: 'rejected'; readonly rejection: Rejection };
