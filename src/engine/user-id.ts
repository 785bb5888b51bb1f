import { limits } from '../limits.js';

const CONTROL = /\p{Cc}/u;

/**
 * Whether a text can name a user: 1 to 255 bytes of well-formed UTF-8, no control characters, and
 * not white space alone. Names are compared byte by byte; nothing is trimmed or folded.
 */
export function isUserId(text: unknown): text is string {
  return (
    typeof text === 'string' &&
    text.length <= limits.user_bytes &&
    text.trim() !== '' &&
    text.isWellFormed() &&
    !CONTROL.test(text) &&
    Buffer.byteLength(text) <= limits.user_bytes
  );
}

/** Whether clients take a name out of an address, as if it were a step in a path. */
export function isPathStep(name: unknown): boolean {
  return name === '.' || name === '..';
}

/** What is told of a name that `isNewUserId` refuses. */
export const newUserIdRule =
  'must be 1 to 255 bytes without control characters, and not me, . or ..';

/**
 * Whether a new user may have this name: not `me`, as a token's own player is called in paths, and
 * no step of a path.
 */
export function isNewUserId(text: unknown): text is string {
  return isUserId(text) && text !== 'me' && !isPathStep(text);
}
