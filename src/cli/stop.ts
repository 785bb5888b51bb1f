/** Two signals closer than this are one key press: npm passes on what the terminal sent already. */
const SAME_PRESS_MS = 500;

/**
 * Resolves at SIGTERM or SIGINT. A second one kills the process: its exit would wait for the
 * threads, and they for a disk that may hang. What was acknowledged is there at the next start.
 */
export function stopRequested(): Promise<void> {
  return new Promise((resolve) => {
    let first_ms: number | undefined;
    const onSignal = (): void => {
      const now_ms = performance.now();
      if (first_ms !== undefined && now_ms - first_ms > SAME_PRESS_MS) {
        process.kill(process.pid, 'SIGKILL');
      }
      first_ms ??= now_ms;
      resolve();
    };
    process.on('SIGTERM', onSignal);
    process.on('SIGINT', onSignal);
  });
}
