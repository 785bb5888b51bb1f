import { type ParseArgsConfig, parseArgs } from 'node:util';
import { reasonOf } from '../partitions/fault.js';
import { UsageError } from './usage.js';

/** One option of a command: `--name` on the command line, its variable in the environment. */
export interface Option<Value> {
  readonly variable: string;
  /** What stands for the value in the help; an option without it is for the environment alone. */
  readonly shows?: string;
  readonly help: string;
  /** The text that counts when nobody gave one. */
  readonly fallback?: string;
  /** Throws an Error whose message says what the value must be. */
  readonly read: (text: string) => Value;
}

export type Options = Readonly<Record<string, Option<unknown>>>;

/** What the options of a command were read as; undefined where nobody gave one without fallback. */
export type Values<O extends Options> = {
  readonly [Name in keyof O]: O[Name] extends { readonly fallback: string }
    ? ReturnType<O[Name]['read']>
    : ReturnType<O[Name]['read']> | undefined;
};

/** Reads the options: the command line wins over the environment, and that over the fallback. */
export function readOptions<O extends Options>(
  options: O,
  args: readonly string[],
  environment: NodeJS.ProcessEnv,
): Values<O> {
  const given = parse(options, args);
  const values = Object.entries(options).map(([name, option]) => {
    const text = given[name];
    if (text !== undefined) return [name, read(option, `--${name}`, text)];
    return [name, read(option, option.variable, environment[option.variable] || option.fallback)];
  });
  return Object.fromEntries(values) as Values<O>;
}

function read(option: Option<unknown>, source: string, text: string | undefined): unknown {
  if (text === undefined) return undefined;
  try {
    return option.read(text);
  } catch (cause) {
    throw new UsageError(`${source}: ${reasonOf(cause)}`, { cause });
  }
}

function parse(options: Options, args: readonly string[]): Readonly<Record<string, string>> {
  const named = Object.entries(options).filter(([, { shows }]) => shows !== undefined);
  const config: NonNullable<ParseArgsConfig['options']> = Object.fromEntries(
    named.map(([name]) => [name, { type: 'string' }] as const),
  );
  try {
    const { values } = parseArgs({ args: withNegatives(args), options: config, strict: true });
    return values as Record<string, string>;
  } catch (cause) {
    throw new UsageError(firstSentence(reasonOf(cause)), { cause });
  }
}

/** `--name -5` as `--name=-5`: parseArgs would take the number for another option. */
function withNegatives(args: readonly string[]): string[] {
  const joined: string[] = [];
  for (const arg of args) {
    const last = joined.length - 1;
    const isValue = /^-\d/.test(arg) && /^--[a-z][a-z-]*$/.test(joined[last] ?? '');
    if (isValue) joined[last] += `=${arg}`;
    else joined.push(arg);
  }
  return joined;
}

/** The first sentence of what parseArgs says; the others explain how to quote. */
function firstSentence(text: string): string {
  const [sentence = text] = text.split(/\.\s|\n/);
  return sentence.replace(/\.$/, '').replace(/^[A-Z]/, (letter) => letter.toLowerCase());
}
