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

/**
 * The ways in which uuids come. Each gives a series of fresh ids; `series` keeps several series of
 * one shape apart.
 */
export const idShapes = {
  random: (random: Random) => () =>
    join(random.next(), random.next(), random.next(), random.next()),
  sequential: (_: Random, series: number) => counter((n) => join(0, 0, series, n)),
  /** Milliseconds first, as in version 7. */
  'time-ordered': (random: Random, series: number) =>
    counter((n) => join(0x01932c5e + series, n >>> 8, random.next(), random.next())),
  /** Blocks of 256 ids that differ in their last byte alone. */
  'same 120 bits': (_: Random, series: number) =>
    counter((n) => join(0x77777777, series, 0x77777777, n)),
  /** The counter in the first bytes, then zeroes. */
  'counter first': (_: Random, series: number) => counter((n) => join(n, series, 0, 0)),
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

  constructor(users: readonly string[], shape: IdShape = 'random', seed = 42, series = 0) {
    this.#random = new Random(seed);
    this.#users = users;
    this.#id = idShapes[shape](this.#random, series);
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
