import { once } from 'node:events';

/** Two signals closer than this are one key press: npm passes on what the terminal sent already. */
const SAME_PRESS_MS = 500;

/** How long a log that is not read keeps a server that has stopped. */
const UNREAD_MS = 2_000;

/**
 * Aborts at SIGTERM, SIGINT or SIGHUP (the terminal is gone). A second one kills the process: its
 * exit would wait for the threads, and they for a disk that may hang. What was acknowledged is there
 * at the next start.
 */
export function stopSignal(): AbortSignal {
  const stop = new AbortController();
  let first_ms: number | undefined;
  const onSignal = (): void => {
    const now_ms = performance.now();
    if (first_ms !== undefined && now_ms - first_ms > SAME_PRESS_MS) die();
    first_ms ??= now_ms;
    stop.abort();
  };
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, onSignal);
  return stop.signal;
}

/** The first process of a container cannot kill itself, but for a fault. */
function die(): never {
  process.kill(process.pid, 'SIGKILL');
  process.abort();
}

export async function stopped(stop: AbortSignal): Promise<void> {
  if (!stop.aborted) await once(stop, 'abort');
}

/** All is done, but for lines that a reader of the log who hangs has not taken, and may never take. */
export function endUnread(): void {
  setTimeout(() => process.exit(), UNREAD_MS).unref();
}
