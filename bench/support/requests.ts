import type { BetBody, Operation } from 'purser';

/** A seeded generator (xorshift32): runs can be repeated, and it costs almost nothing. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed | 1;
  }

  next(): number {
    this.#state ^= this.#state << 13;
    this.#state ^= this.#state >>> 17;
    this.#state ^= this.#state << 5;
    return this.#state >>> 0;
  }

  below(bound: number): number {
    return this.next() % bound;
  }
}

function hex(value: number): string {
  return value.toString(16).padStart(8, '0');
}

/** The ways in which uuids come: each number of a series gives one that was not there before. */
export const idShapes = {
  random: (random: Random) => () => join(random.next(), random.next(), random.next(), random.next()),
  sequential: () => counter((n) => join(0, 0, Math.floor(n / 2 ** 32), n >>> 0)),
  /** Milliseconds first, as in version 7. */
  'time-ordered': (random: Random) =>
    counter((n) => join(0x01932c5e, (n >>> 8) >>> 0, random.next(), random.next())),
  /** All 120 leading bits but a carry are the same. */
  'same 120 bits': () => counter((n) => join(0x77777777, 0x77777777, 0x77777777 ^ (n >>> 8), n << 24)),
  reversed: () => counter((n) => join(n, 0, 0, 0)),
} as const;

export type IdShape = keyof typeof idShapes;

function counter(make: (n: number) => string): () => string {
  let n = 0;
  return () => make(++n);
}

function join(a: number, b: number, c: number, d: number): string {
  const text = hex(a >>> 0) + hex(b >>> 0) + hex(c >>> 0) + hex(d >>> 0);
  const parts = [text.slice(0, 8), text.slice(8, 12), text.slice(12, 16), text.slice(16, 20)];
  return `${parts.join('-')}-${text.slice(20)}`;
}

export function userNames(count: number): string[] {
  return Array.from({ length: count }, (_, i) => `user${i}`);
}

/** Makes bets of one minor unit by random users under fresh ids. */
export class Bets {
  readonly #random: Random;
  readonly #users: readonly string[];
  readonly #id: () => string;

  constructor(users: readonly string[], shape: IdShape = 'random', seed = 42) {
    this.#random = new Random(seed);
    this.#users = users;
    this.#id = idShapes[shape](this.#random);
  }

  next(): BetBody & { readonly op: 'bet' } {
    return {
      op: 'bet',
      user: this.#users[this.#random.below(this.#users.length)] ?? '',
      transaction_uuid: this.#id(),
      request_uuid: '583c985f-fee6-4c0e-bbf5-308aad6265af',
      currency: 'USD',
      amount: 1,
      round: 'round-1',
      game_code: 'slots',
    };
  }

  take(count: number): (BetBody & { readonly op: 'bet' } & Operation)[] {
    return Array.from({ length: count }, () => this.next());
  }
}
