import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Actor } from '../dist/partitions/actor.js';
import { ActorTable } from '../dist/partitions/actor-table.js';
import { allocateBytes } from '../dist/partitions/bytes.js';
import { Currencies, writeCurrency } from '../dist/partitions/currencies.js';
import { Hash } from '../dist/partitions/hash.js';

const LONGEST = 255;
const CURRENCY = 256;
const bytes = allocateBytes(CURRENCY + 8);
let filler = 0;

/** Fingerprints that many users share: the ids decide. */
function hashOf(user: string): Hash {
  return { tag: user.length % 5, lane: user.length % 3 } as Hash;
}

/** Puts a user id where tables read it, with something else behind it each time. */
function place(user: string): number {
  filler += 1;
  bytes.u8.fill(filler, 0, CURRENCY);
  return bytes.u8.write(user, 'utf8');
}

function find(table: ActorTable, user: string): Actor | undefined {
  return table.find(hashOf(user), bytes, 0, place(user));
}

function add(table: ActorTable, user: string, currency: string): Actor {
  const length = place(user);
  writeCurrency(bytes.u8, CURRENCY, currency);
  return table.add(hashOf(user), bytes, 0, length, CURRENCY);
}

const text = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 90 })
  .filter((user) => Buffer.byteLength(user) <= LONGEST);
const user = fc.oneof(
  text,
  fc.nat(3000).map((n) => `user${n}`),
  fc.nat(LONGEST - 1).map((n) => 'x'.repeat(n + 1)),
);
const state = fc.record({
  currency: fc.constantFrom('USD', 'EUR', 'LONGCOIN'),
  balance: fc.oneof(fc.maxSafeNat(), fc.nat(1000)),
  version: fc.nat(0xffff_ffff),
  frame: fc.nat(2 ** 40 - 1),
  at: fc.nat(0xffff).map((unit) => 8 * unit),
  disabled: fc.boolean(),
  tombstones: fc.boolean(),
  limits: fc.option(fc.record({ max_bet: fc.nat() }), { nil: undefined }),
  daily: fc.option(fc.record({ day: fc.nat(), staked: fc.nat(), won: fc.nat() }), {
    nil: undefined,
  }),
});
type State = typeof state extends fc.Arbitrary<infer T> ? T : never;

function set(actor: Actor, { currency: _, frame, at, daily, ...rest }: State): void {
  Object.assign(actor, rest);
  actor.moveTo(frame, at);
  if (daily !== undefined) actor.daily = daily;
}

function expectIn(table: ActorTable, known: ReadonlyMap<string, State>): void {
  expect(table.size).toBe(known.size);
  for (const [user, state] of known) {
    const actor = find(table, user);
    expect(actor).toMatchObject(state);
    expect(actor?.key).toBe(Buffer.from(user).toString('latin1'));
    expect(actor?.tag).toBe(hashOf(user).tag);
    expect(actor?.lane).toBe(hashOf(user).lane);
  }
  expect(find(table, 'nobody is called this')).toBeUndefined();
}

test('a table finds every actor under its own id, with what it was given', () => {
  const users = fc.uniqueArray(fc.tuple(user, state), {
    selector: ([user]) => user,
    maxLength: 1500,
    size: 'max',
  });
  fc.assert(
    fc.property(users, (entries) => {
      const table = new ActorTable(new Currencies());
      const known = new Map(entries);
      for (const [user, state] of known) {
        expect(find(table, user)).toBeUndefined();
        set(add(table, user, state.currency), state);
      }
      expectIn(table, known);

      const kept = new ActorTable(new Currencies());
      const half = new Map([...known].filter((_, i) => i % 2 === 0));
      for (const user of half.keys()) kept.addCopy(find(table, user) as Actor, table);
      expectIn(kept, half);
    }),
    { numRuns: 30 },
  );
});

test('two views of one row are one actor', () => {
  const table = new ActorTable(new Currencies());
  const first = add(table, 'alice', 'USD');
  const second = find(table, 'alice');
  first.balance = 5;
  first.limits = { max_bet: 7 };
  expect(second).toMatchObject({ balance: 5, limits: { max_bet: 7 } });
  first.limits = undefined;
  expect(second?.limits).toBeUndefined();
});

test('names that collide under every seed of a hash that only begins with it do not here', () => {
  // Differences of two words each that MurmurHash3 takes back, whatever came before.
  const [first, second] = [
    [0x20202249, 0xb39d80f1, 0x2020224a, 0xb39d80f2, 0x20202549, 0xb39d83f1],
    [0x206f2020, 0x5c202020, 0x206f2021, 0x5c202021, 0x206f2027, 0x5c202027],
  ] as const;
  const hash = new Hash(Buffer.from('00112233445566aa', 'hex'));
  const tags = new Set<number>();
  for (let name = 0; name < 8; name++) {
    for (let pair = 0; pair < 3; pair++) {
      const side = 2 * pair + ((name >> pair) & 1);
      bytes.u32[2 * pair] = first[side] as number;
      bytes.u32[2 * pair + 1] = second[side] as number;
    }
    hash.text(bytes, 0, 24);
    tags.add(hash.tag);
  }
  expect(tags.size).toBe(8);
});
