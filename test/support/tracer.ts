import { spawnSync } from 'node:child_process';

export const hasStrace: boolean = spawnSync('strace', ['-V']).status === 0;

/**
 * strace around a server, with what it is to do. It is the child, so that the server itself is what
 * is ended, and the kernel leaves the calls alone that it does not look at.
 */
export function tracer(expressions: readonly string[], output = '/dev/null'): string[] {
  const options = expressions.flatMap((expression) => ['-e', expression]);
  return ['strace', '-D', '-f', '--seccomp-bpf', '-o', output, ...options];
}
