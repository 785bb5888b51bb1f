import { type Command, command } from './command.js';
import { serveOptions } from './serve-options.js';
import { endUnread, stopSignal } from './stop.js';

/** `purser serve`. */
export const serve: Command = command(
  'serves the wallet over HTTP',
  serveOptions,
  async (settings) => {
    // First of all: the first process of a container is sent no signal that it does not listen to.
    const stop = stopSignal();
    // A server is much to load, and the other commands have none.
    const { serveWallet } = await import('./serving.js');
    try {
      return await serveWallet(settings, stop);
    } finally {
      endUnread();
    }
  },
);
