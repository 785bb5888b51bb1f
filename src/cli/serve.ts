import { type Command, command } from './command.js';
import { serveOptions } from './serve-options.js';

/** `purser serve`. */
export const serve: Command = command(
  'serves the wallet over HTTP',
  serveOptions,
  async (settings) => {
    // A server is much to load, and the other commands have none.
    const { serveWallet } = await import('./serving.js');
    return serveWallet(settings);
  },
);
