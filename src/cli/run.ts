import { EngineError, OpenError } from '../engine/errors.js';
import { backup } from './backup.js';
import type { Command } from './command.js';
import { loadEnvironment } from './environment.js';
import { exportEntries } from './export.js';
import { explain, overview } from './help.js';
import { watchOutput } from './output.js';
import { serve } from './serve.js';
import { UsageError } from './usage.js';
import { verify } from './verify.js';
import { version } from './version.js';

const commands: ReadonlyMap<string, Command> = new Map([
  ['serve', serve],
  ['verify', verify],
  ['backup', backup],
  ['export', exportEntries],
]);

/** Runs a command line; resolves to the exit code, 2 with one line on stderr for a mistake. */
export async function run(args: readonly string[]): Promise<number> {
  watchOutput();
  try {
    return await dispatch(args);
  } catch (error) {
    if (!isMistake(error)) throw error;
    process.stderr.write(`purser: ${error.message}\n`);
    return 2;
  }
}

async function dispatch([name = '', ...args]: readonly string[]): Promise<number> {
  if (isHelp(name)) return print(overview(commands));
  if (name === '--version' || name === '-v') return print(version);
  const command = commands.get(name);
  if (command === undefined) throw unknown(name);
  if (args.some(isHelp)) return print(explain(name, command));
  loadEnvironment();
  return command.start(args);
}

function isHelp(argument: string): boolean {
  return argument === '--help' || argument === '-h';
}

function print(text: string): number {
  process.stdout.write(`${text}\n`);
  return 0;
}

function unknown(name: string): UsageError {
  const known = [...commands.keys()].join(', ');
  const mistake = name === '' ? 'a command is missing' : `there is no command "${name}"`;
  return new UsageError(`${mistake}: ${known} are known, and --help explains them`);
}

/**
 * Errors of the system, such as a directory that may not be written, and of the engine, such as a
 * last checkpoint that finds no room, speak in one line too.
 */
function isMistake(error: unknown): error is Error {
  if (error instanceof UsageError || error instanceof OpenError) return true;
  if (error instanceof EngineError) return true;
  return error instanceof Error && 'syscall' in error;
}
