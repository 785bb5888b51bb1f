import { post } from '../load/line.js';

/** Makes requests under ids that nobody has used, as cheaply as can be. */
export interface Maker {
  /** Bytes of a list are used again: the one before must have been sent. */
  next(): string | Buffer;
}

const DIGITS = 12;
let made = 0;

/** What is random about an id is the process. */
function idOf(number: string): string {
  return `${process.pid.toString(16).padStart(8, '0')}-0000-4000-8000-${number}`;
}

function bet(user: string, number: string): string {
  const id = idOf(number);
  const ids = `"transaction_uuid":"${id}","request_uuid":"${id}"`;
  return `{"user":"${user}",${ids},"currency":"USD","amount":1}`;
}

/** Single bets of the users in turn. */
export function bets(users: readonly string[]): Maker {
  return {
    next: () => {
      const number = (++made).toString(16).padStart(DIGITS, '0');
      return post('/transaction/bet', bet(users[made % users.length] ?? '', number));
    },
  };
}

/** Written once; then only the ids change, in place. */
const PLACEHOLDER = '#'.repeat(DIGITS);

/** Lists of bets of the users in turn. */
export function lists(users: readonly string[], operations: number): Maker {
  const one = (_: unknown, i: number): string => {
    return `{"op":"bet",${bet(users[(made + i) % users.length] ?? '', PLACEHOLDER).slice(1)}`;
  };
  const elements = Array.from({ length: operations }, one).join(',');
  const bytes = Buffer.from(post('/transactions', `[${elements}]`), 'latin1');
  made += operations;
  const places = placesOf(bytes);
  return {
    next: () => {
      for (const [i, place] of places.entries()) {
        // Two places for each bet, which have the same number.
        if (i % 2 === 0) made += 1;
        bytes.write(made.toString(16).padStart(DIGITS, '0'), place, 'latin1');
      }
      return bytes;
    },
  };
}

function placesOf(bytes: Buffer): number[] {
  const places: number[] = [];
  for (let at = bytes.indexOf(PLACEHOLDER); at >= 0; at = bytes.indexOf(PLACEHOLDER, at + 1)) {
    places.push(at);
  }
  return places;
}
