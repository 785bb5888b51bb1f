import { MAX_AMOUNT } from './money.js';
import { invalid, type Refusal, type RefusalCode, refuse } from './refusals.js';

/** What is wrong, and where as a JSON pointer; `code` when it is refused as something of its own. */
interface Fault {
  readonly pointer: string;
  readonly detail: string;
  readonly code?: RefusalCode;
}

/** Finds what is wrong with a value of any kind; undefined: it is a T. It allocates nothing then. */
export interface Form<T> {
  (value: unknown): Fault | undefined;
  /** For the compiler alone. */
  readonly of?: (value: T) => void;
}

/** The form of an object: every member has its own, and there are no others. */
export interface MembersForm<T> extends Form<T> {
  readonly names: readonly string[];
}

/** The refusal of a value that has not the form. */
export function malformed(form: Form<never>, value: unknown): Refusal | undefined {
  const fault = form(value);
  if (fault === undefined) return undefined;
  return fault.code === undefined ? invalid(fault.pointer, fault.detail) : refuse(fault.code);
}

function formOf<T>(isOne: (value: unknown) => boolean, detail: string): Form<T> {
  const fault: Fault = { pointer: '', detail };
  return (value) => (isOne(value) ? undefined : fault);
}

export function whole(least: number, most: number): Form<number> {
  const isOne = (value: unknown): boolean =>
    Number.isSafeInteger(value) && Number(value) >= least && Number(value) <= most;
  return formOf(isOne, `must be a whole number from ${grouped(least)} to ${grouped(most)}`);
}

/** With commas between the thousands. */
function grouped(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ',');
}

export const amount: Form<number> = whole(1, MAX_AMOUNT);
export const price: Form<number> = whole(0, MAX_AMOUNT);
export const quantity: Form<number> = whole(1, 1_000_000);
/** Money that is not bounded as that of a request. */
export const count: Form<number> = whole(0, Number.MAX_SAFE_INTEGER);
export const flag: Form<boolean> = formOf(
  (value) => typeof value === 'boolean',
  'must be a boolean',
);
export const text: Form<string> = formOf((value) => typeof value === 'string', 'must be a text');

export function pattern(regex: RegExp, detail: string): Form<string> {
  return formOf((value) => typeof value === 'string' && regex.test(value), detail);
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: it is what they must not have
const WORDS = /^[^\u0000-\u001f\u007f]+$/;

/** A text of a caller: the names of the ledger's own actors, which begin with a zero byte, are none. */
export function words(most: number): Form<string> {
  const isOne = (value: unknown): boolean =>
    typeof value === 'string' && WORDS.test(value) && isWithin(value, most);
  return formOf(
    isOne,
    `must be 1 to ${grouped(most)} characters, none of them a control character`,
  );
}

function isWithin(value: string, most: number): boolean {
  return value.length <= most || (value.length <= 2 * most && [...value].length <= most);
}

/** Why something is done, in words of the caller's own. */
export const reason: Form<string> = words(255);

export function oneOf<T extends string>(...values: readonly T[]): Form<T> {
  return formOf((value) => values.includes(value as T), `must be one of ${values.join(', ')}`);
}

const VISIBLE = /^[\x21-\x7e]+$/;
const ID_CHARACTERS = 128;

/** What names something of the player's: whatever cannot be an id of ours names nothing. */
export function idOf(code: RefusalCode, most: number = ID_CHARACTERS): Form<string> {
  const fault: Fault = { pointer: '', detail: '', code };
  const isOne = (value: unknown): boolean =>
    typeof value === 'string' && value.length <= most && VISIBLE.test(value);
  return (value) => (isOne(value) ? undefined : fault);
}

export function optional<T>(form: Form<T>): Form<T | undefined> {
  return (value) => (value === undefined ? undefined : form(value));
}

export function listOf<T>(form: Form<T>, least: number, most: number): Form<readonly T[]> {
  const fault: Fault = { pointer: '', detail: `must be a list of ${least} to ${most}` };
  return (value) => {
    if (!Array.isArray(value) || value.length < least || value.length > most) return fault;
    for (let i = 0; i < value.length; i++) {
      const found = form(value[i]);
      if (found !== undefined) return within(String(i), found);
    }
    return undefined;
  };
}

/** A version that is expected, several of which one is, or any. One too large is never the current one. */
export const expected: Form<number | readonly number[] | '*'> = formOf((value) => {
  return value === '*' || [value].flat().every((one) => typeof one === 'number');
}, 'must be a version, a list of versions, or *');

const NO_OBJECT: Fault = { pointer: '', detail: 'must be an object' };

/** `merged` members are told of as if theirs were the object's own. */
export function members<T>(
  forms: { readonly [Name in keyof T]-?: Form<T[Name]> },
  merged?: keyof T & string,
): MembersForm<T> {
  const names = Object.keys(forms);
  const checks = Object.values<Form<never>>(forms);
  const form = (value: unknown): Fault | undefined => {
    if (!isObject(value)) return NO_OBJECT;
    for (let i = 0; i < names.length; i++) {
      const name = names[i] as string;
      const found = (checks[i] as Form<never>)(value[name]);
      if (found !== undefined) return name === merged ? found : within(name, found);
    }
    return unknownIn(value, names);
  };
  return Object.assign(form, { names });
}

/** The first member of no name, or of one that stands beside the object. */
export function unknownIn(
  value: Readonly<Record<string, unknown>>,
  names: readonly string[],
  beside?: object,
): Fault | undefined {
  for (const name in value) {
    const isKnown = names.includes(name) && !(beside !== undefined && name in beside);
    if (isKnown || value[name] === undefined) continue;
    return { pointer: `/${escaped(name)}`, detail: 'is not known here' };
  }
  return undefined;
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function within(name: string, { pointer, ...rest }: Fault): Fault {
  return { pointer: `/${escaped(name)}${pointer}`, ...rest };
}

/** A name in a JSON pointer. */
function escaped(name: string): string {
  return name.replaceAll('~', '~0').replaceAll('/', '~1');
}
