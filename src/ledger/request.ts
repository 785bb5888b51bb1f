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

/** Texts of the last times that were asked for: what is decided in one turn has the same. */
const texts = new Map<number, string>();
const REMEMBERED = 64;

/** RFC 3339, UTC, of milliseconds since 1970. The calendar is proleptic Gregorian. */
export function rfc3339(time: number): string {
  const known = texts.get(time);
  if (known !== undefined) return known;
  const text = textOf(time);
  if (texts.size >= REMEMBERED) texts.clear();
  texts.set(time, text);
  return text;
}

function textOf(time: number): string {
  const day = Math.floor(time / 86_400_000);
  const rest = time - day * 86_400_000;
  const { year, month, date } = civil(day);
  const [hours, minutes] = [Math.floor(rest / 3_600_000), Math.floor(rest / 60_000) % 60];
  const [seconds, ms] = [Math.floor(rest / 1000) % 60, rest % 1000];
  return (
    `${pad(year, 4)}-${pad(month, 2)}-${pad(date, 2)}T` +
    `${pad(hours, 2)}:${pad(minutes, 2)}:${pad(seconds, 2)}.${pad(ms, 3)}Z`
  );
}

function pad(value: number, digits: number): string {
  return String(value).padStart(digits, '0');
}

/** The date of a day counted from 1970-01-01, by eras of 400 years that begin in March. */
function civil(day: number): { year: number; month: number; date: number } {
  const shifted = day + 719_468;
  const era = Math.floor(shifted / 146_097);
  const ofEra = shifted - era * 146_097;
  const yearOfEra = Math.floor(
    (ofEra - Math.floor(ofEra / 1460) + Math.floor(ofEra / 36_524) - Math.floor(ofEra / 146_096)) /
      365,
  );
  const ofYear =
    ofEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const shiftedMonth = Math.floor((5 * ofYear + 2) / 153);
  const month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9;
  const date = ofYear - Math.floor((153 * shiftedMonth + 2) / 5) + 1;
  return { year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, date };
}
