import { randomUUID } from 'node:crypto';
import { createSigner, createVerifier } from 'fast-jwt';
import { Problem } from './problems.js';

/** How long a player's token is good. */
export const TOKEN_SECONDS = 24 * 3_600;

/** Makes and reads players' tokens: JWT, HS256 and nothing else. */
export interface Tokens {
  sign(player: string): string;
  /** The player of a token; throws `invalid_token` for every other text. */
  read(token: string): string;
}

export function tokensOf(secret: string): Tokens {
  const sign = createSigner({ key: secret, algorithm: 'HS256', expiresIn: TOKEN_SECONDS * 1000 });
  const verify = createVerifier({ key: secret, algorithms: ['HS256'], requiredClaims: ['exp'] });
  return {
    sign: (player) => sign({ sub: player, jti: randomUUID() }),
    read: (token) => {
      const player = subjectOf(token, verify);
      if (player !== undefined) return player;
      throw new Problem('invalid_token', 'The token is not valid, or no longer.');
    },
  };
}

function subjectOf(token: string, verify: (token: string) => unknown): string | undefined {
  try {
    const { sub } = verify(token) as { readonly sub?: unknown };
    return typeof sub === 'string' ? sub : undefined;
  } catch {
    // Whatever is wrong with it, the answer is the same.
    return undefined;
  }
}
