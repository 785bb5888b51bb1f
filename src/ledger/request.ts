import type { MembersForm } from './forms.js';
import { type Refusal, refuse } from './refusals.js';
import type { Account, Kind, Posting } from './vocabulary.js';

/**
 * Commands with a content of their own: credits, orders, payments, players. Where a bet is fixed
 * fields, a request carries `args` (what the caller asked for, compared with a retry's) and
 * `context` (what the engine knew when it sent it, never compared). Both are journaled, so that a
 * replay or an audit asks nobody.
 */

/** Documents of the actor itself, or of one of its partition's collections. */
export type Collection = 'own' | 'outbox' | 'payments' | 'codes';

/** A document as it is after an entry; null: it is no more. */
export interface Change {
  readonly collection: Collection;
  readonly id: string;
  readonly value: unknown;
}

/** Of an earlier transaction of the same player. */
export interface Earlier {
  readonly kind: Kind;
  /** What it posted to the player; negative for a debit. */
  readonly moved: number;
}

/** The version that is expected: one, one of several, or any that there is. */
export type IfMatch = number | readonly number[] | '*';

/** Who asked; told in the history. */
export interface BaseContext {
  readonly by?: string;
  readonly if_match?: IfMatch;
}

/** Everything that a rule may look at. */
export interface Asked<Args = unknown, Context = BaseContext> {
  readonly player: string;
  readonly account: Account | undefined;
  readonly args: Args;
  readonly context: Context;
  /** The command's id, 32 hex digits: made of the player and the Idempotency-Key. */
  readonly id: string;
  /** 32 hex digits, new with every command and ascending with time: names what it makes. */
  readonly fresh: string;
  /** Milliseconds since 1970; never less than that of an earlier entry. */
  readonly time: number;
  /** A document as it stands; undefined when there is none. */
  read(collection: Collection, id: string): unknown;
  /** An earlier transaction of this player. */
  earlier(id: string): Earlier | undefined;
}

/** The request is granted: what moves, and what the documents are afterwards. */
export interface Granted {
  readonly kind: 'granted';
  readonly postings: readonly Posting[];
  readonly changes: readonly Change[];
}

/** The answer is known and nothing changes. */
export interface Told {
  readonly kind: 'told';
  readonly body: unknown;
}

export type Ruling = Granted | Told | Refusal;

/** An entry of a request, as its answer and the history see it. */
export interface RequestEntry<Args = unknown, Context = BaseContext> {
  readonly kind: Kind;
  readonly player: string;
  readonly currency: string;
  readonly args: Args;
  readonly context: Context;
  readonly changes: readonly Change[];
  readonly id: string;
  readonly fresh: string;
  readonly time: number;
  /** What it posted to the player. */
  readonly moved: number;
  readonly balance: number;
  readonly version: number;
}

/** The rules of one kind of request. */
export interface Rules<Args = never, Context = never> {
  /** What becomes of an absent account: refused as not found, or opened by the entry. */
  readonly opens?: true;
  /** A disabled player may not do it. */
  readonly needsActive?: true;
  /** The balance may fall below zero: money is taken back that the player may have spent. */
  readonly mayOverdraw?: true;
  /** What the arguments must be, or they are refused before the rules see them. */
  readonly form: MembersForm<Args>;
  decide(asked: Asked<Args, Context>): Ruling;
  /** The body of the answer, the same for a retry years later. */
  answer(entry: RequestEntry<Args, Context>): unknown;
}

/** The refusal of an account, or of what else has versions, that is not as it was expected. */
export function mismatchOf(
  expected: IfMatch | undefined,
  version: number | undefined,
): Refusal | undefined {
  if (expected === undefined || isAmong(expected, version)) return undefined;
  return refuse('version_mismatch', { version });
}

function isAmong(expected: IfMatch, version: number | undefined): boolean {
  if (version === undefined) return false;
  if (expected === '*' || expected === version) return true;
  return Array.isArray(expected) && expected.includes(version);
}

export function grant(postings: readonly Posting[], changes: readonly Change[] = []): Granted {
  return { kind: 'granted', postings, changes };
}

export function change(id: string, value: unknown, collection: Collection = 'own'): Change {
  return { collection, id, value };
}

/** The value that an entry gave to a document. */
export function changed<T>(changes: readonly Change[], prefix: string): T {
  const found = changes.find(({ collection, id }) => collection === 'own' && id.startsWith(prefix));
  return found?.value as T;
}
