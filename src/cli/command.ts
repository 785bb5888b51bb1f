import { type Options, readOptions, type Values } from './options.js';
import { filled } from './values.js';

/** One word after `purser`. */
export interface Command {
  /** What it does, for the help. */
  readonly summary: string;
  readonly options: Options;
  /** Resolves to the exit code; UsageError and OpenError are mistakes of the caller. */
  readonly start: (args: readonly string[]) => Promise<number>;
}

/** Ties a command to the values that its own options are read as. */
export function command<const O extends Options>(
  summary: string,
  options: O,
  run: (values: Values<O>) => Promise<number>,
): Command {
  return { summary, options, start: async (args) => run(readOptions(options, args, process.env)) };
}

/** The option that every command has. */
export const data = {
  variable: 'PURSER_DATA',
  shows: 'DIR',
  help: 'the data directory',
  fallback: './data',
  read: filled,
} as const;
