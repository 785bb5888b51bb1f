/** What a command line may say of a server, read without loading one. */

export const logLevels = ['silent', 'fatal', 'error', 'warn', 'info', 'debug', 'trace'] as const;
export type LogLevel = (typeof logLevels)[number];

const SHORTEST_SECRET_BYTES = 32;

/** The secret that tokens are signed with. Throws when it could be guessed. */
export function readTokenSecret(text: string): string {
  if (Buffer.byteLength(text) >= SHORTEST_SECRET_BYTES) return text;
  throw new Error(`must have at least ${SHORTEST_SECRET_BYTES} bytes`);
}
