import { isObject, type MembersForm, unknownIn } from '../../ledger/forms.js';
import { invalid } from '../../ledger/refusals.js';
import type { PageOptions, Refused } from '../economy.js';
import { refusedAs } from '../requests.js';

/**
 * The arguments that a body makes, and `beside` it what is no member of bodies, in the order of their
 * form: equal requests are equal bytes. A body of another kind, or with a member that the form does
 * not know, is refused; what the members must be is for the ledger to say.
 */
export function argsOf<T>(
  { names }: MembersForm<T>,
  body: unknown,
  beside: { readonly [Name in keyof T]?: unknown } & Readonly<Record<string, unknown>> = {},
): T | Refused {
  if (!isObject(body)) return refusedAs(invalid('', 'must be an object'));
  const unknown = unknownIn(body, names, beside);
  if (unknown !== undefined) return refusedAs(invalid(unknown.pointer, unknown.detail));
  const args: Record<string, unknown> = {};
  for (const name of names) {
    const value = name in beside ? beside[name] : body[name];
    if (value !== undefined) args[name] = value;
  }
  return args as T;
}

const DEFAULT_PAGE = 50;

/** What is asked of a list; without a limit it is the default one. */
export function pageOf<T extends PageOptions>(page?: T): T & { readonly limit: number } {
  const { limit = DEFAULT_PAGE } = page ?? {};
  return { ...(page as T), limit };
}

type Given<T> = {
  [K in keyof T as undefined extends T[K] ? never : K]: T[K];
} & {
  [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>;
};

/** The members that have a value. */
export function given<T extends object>(members: T): Given<T> {
  const found: Partial<T> = {};
  for (const name in members) if (members[name] !== undefined) found[name] = members[name];
  return found as unknown as Given<T>;
}
