/**
 * Sees to output that cannot be written. A reader that has seen enough, such as `head`, is no
 * failure: a command ends as it would have, and a server serves on. Everything else on stdout is:
 * what somebody asked for is not there.
 */
export function watchOutput(): void {
  process.stdout.on('error', ({ code, message }: NodeJS.ErrnoException) => {
    if (code === 'EPIPE') return;
    process.stderr.write(`purser: the output cannot be written: ${message}\n`);
    process.exit(2);
  });
  process.stderr.on('error', () => {
    // Nobody can be told. The exit code says what came of the command, and a server serves on.
  });
}
