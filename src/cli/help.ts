import type { Command } from './command.js';
import type { Option } from './options.js';

/** The help of `purser` itself. */
export function overview(commands: ReadonlyMap<string, Command>): string {
  const lines = [...commands].map(([name, { summary }]) => `  ${name.padEnd(8)} ${summary}`);
  return [
    'purser <command> [options]',
    '',
    ...lines,
    '',
    'purser <command> --help explains the options of a command; purser --version tells the version.',
    'Each option has a variable in the environment, which a file .env in the working directory may',
    'set too. The command line wins over the environment, and the environment over the file.',
  ].join('\n');
}

/** The help of one command. */
export function explain(name: string, { summary, options }: Command): string {
  const rows = Object.entries(options).map(([option, { shows, variable }]) =>
    shows === undefined ? `  ${variable}` : `  --${option} ${shows}`,
  );
  const width = Math.max(...rows.map((row) => row.length)) + 2;
  const texts = Object.values(options).map(describe);
  const lines = rows.map((row, index) => row.padEnd(width) + texts[index]);
  return [`purser ${name}: ${summary}`, '', ...lines].join('\n');
}

function describe({ help, fallback, shows, variable }: Option<unknown>): string {
  const preset = fallback === undefined ? '' : ` (default ${fallback})`;
  return shows === undefined ? help : `${help}${preset} [${variable}]`;
}
