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
export const fixedAccounts: readonly FixedAccount[] = [
  'player',
  'issuance',
  'treasury',
  'house',
  'transit',
];

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

/** Kinds of entries and commands; the codes of entries are on disk. Reads have codes from 32 on. */
export const kindCodes = {
  genesis: 1,
  open: 2,
  bet: 3,
  win: 4,
  rollback: 5,
  status: 6,
  limits: 7,
  credit: 8,
  spend: 9,
  refund: 10,
  transfer: 11,
  deliver: 12,
  settle: 13,
  order: 14,
  complete: 15,
  cancel: 16,
  order_refund: 17,
  consume: 18,
  revoke: 19,
  payment: 20,
  payment_event: 21,
  park: 22,
  link: 23,
  signup: 24,
  top_up: 25,
  item: 26,
  read: 32,
  player: 33,
  probe: 34,
  query: 35,
} as const;

export type Kind = keyof typeof kindCodes;

/**
 * What each kind is: a transaction stands under a `transaction_uuid`, a request has a content of its
 * own, decided by `ledger/families.ts`, a read makes no entry.
 */
const natures = {
  genesis: 'other',
  open: 'other',
  bet: 'transaction',
  win: 'transaction',
  rollback: 'transaction',
  status: 'other',
  limits: 'other',
  credit: 'request',
  spend: 'request',
  refund: 'request',
  transfer: 'request',
  deliver: 'request',
  settle: 'request',
  order: 'request',
  complete: 'request',
  cancel: 'request',
  order_refund: 'request',
  consume: 'request',
  revoke: 'request',
  payment: 'request',
  payment_event: 'request',
  park: 'request',
  link: 'request',
  signup: 'request',
  top_up: 'request',
  item: 'request',
  read: 'read',
  player: 'read',
  probe: 'read',
  query: 'read',
} as const satisfies Readonly<Record<Kind, 'transaction' | 'request' | 'read' | 'other'>>;

type KindsOf<Nature> = {
  [kind in Kind]: (typeof natures)[kind] extends Nature ? kind : never;
}[Kind];

export type TransactionKind = KindsOf<'transaction'>;
export type RequestKind = KindsOf<'request'>;

export function isTransaction(kind: Kind): kind is TransactionKind {
  return natures[kind] === 'transaction';
}

export function isRequest(kind: Kind): kind is RequestKind {
  return natures[kind] === 'request';
}

/** Kinds that change something: only they make entries. */
export function isEntry(kind: Kind): boolean {
  return natures[kind] !== 'read';
}

export const kindNames: ReadonlyMap<number, Kind> = new Map(
  (Object.keys(kindCodes) as Kind[]).map((kind) => [kindCodes[kind], kind]),
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
