/** Two signals closer than this are one key press: npm passes on what the terminal sent already. */
const SAME_PRESS_MS = 500;

/** Resolves at SIGTERM or SIGINT; a second one ends the process at once with 1. */
export function stopRequested(): Promise<void> {
  return new Promise((resolve) => {
    let first_ms: number | undefined;
    const onSignal = (): void => {
      const now_ms = performance.now();
      if (first_ms !== undefined && now_ms - first_ms > SAME_PRESS_MS) process.exit(1);
      first_ms ??= now_ms;
      resolve();
    };
    process.on('SIGTERM', onSignal);
    process.on('SIGINT', onSignal);
  });
}
