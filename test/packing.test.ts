import fc from 'fast-check';
import { expect, test } from 'vitest';
import { pack, packInto, unpack } from '../dist/partitions/packing.js';

const { value } = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.constantFrom(
      null,
      true,
      false,
      0,
      -1,
      63,
      64,
      255,
      256,
      65_535,
      65_536,
      2 ** 32,
      -(2 ** 31),
    ),
    fc.integer(),
    fc.maxSafeInteger(),
    fc.double({ noNaN: true }),
    fc.string({ unit: 'grapheme', maxLength: 90 }),
    fc.string({ minLength: 250, maxLength: 260 }),
    fc.uint8Array().map((bytes) => Buffer.from(bytes)),
    fc.array(tie('value'), { maxLength: 20 }),
    fc.dictionary(fc.string(), tie('value'), { maxKeys: 20 }),
    // Known shapes, and what is almost one.
    fc.record({ sku: tie('value'), quantity: tie('value') }),
    fc.record({ lines: tie('value'), complete: tie('value') }, { requiredKeys: [] }),
  ),
}));

/** Zero has one sign here. */
function plain(some: unknown): unknown {
  if (Array.isArray(some)) return some.map(plain);
  if (some === 0) return 0;
  if (typeof some !== 'object' || some === null || Buffer.isBuffer(some)) return some;
  return Object.fromEntries(Object.entries(some).map(([name, member]) => [name, plain(member)]));
}

test('a packed value is the same when it is unpacked, and packs to the same bytes', () => {
  fc.assert(
    fc.property(value, (some) => {
      const packed = pack(some);
      expect(unpack(packed)).toEqual(plain(some));
      expect(pack(unpack(packed)).equals(packed)).toBe(true);
    }),
    { numRuns: 2_000 },
  );
});

test('a value that has no room says how much it needs, and changes nothing behind the end', () => {
  fc.assert(
    fc.property(value, fc.nat(64), (some, room) => {
      const { length } = pack(some);
      const memory = Buffer.alloc(room + 16, 0xee);
      expect(packInto(memory.subarray(0, room), 0, some)).toBe(length);
      expect(memory.subarray(room).every((byte) => byte === 0xee)).toBe(true);
    }),
  );
});

test('bytes that are cut off are refused', () => {
  fc.assert(
    fc.property(value, fc.nat(), (some, cut) => {
      const packed = pack(some);
      expect(() => unpack(packed.subarray(0, cut % packed.length))).toThrow(RangeError);
    }),
  );
});

test('members without a value are left out', () => {
  const args = { lines: [{ sku: 'potion', quantity: 1 }], expected_total: undefined };
  expect(unpack(pack({ ...args, complete: true }))).toEqual({ lines: args.lines, complete: true });
  expect(pack(args).equals(pack({ lines: args.lines }))).toBe(true);
});

test('what is nested too deeply, or is no value, is refused', () => {
  let deep: unknown = 1;
  for (let i = 0; i < 100; i++) deep = [deep];
  expect(() => pack(deep)).toThrow('nested too deeply');
  expect(() => pack({ amount: 1n })).toThrow('a bigint cannot be packed');
  expect(() => pack({ note: '\ud800' })).toThrow('half a surrogate pair');
  expect(unpack(pack({ amount: 1 }))).toEqual({ amount: 1 });
});

test('a text that looks like a shorter one of before is itself', () => {
  for (const text of ['\u00e9', 'e', '\ufffd', '', 'potion', 'potiom']) {
    expect(unpack(pack(text))).toBe(text);
  }
});
