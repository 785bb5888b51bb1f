import * as fc from 'fast-check';

/** What happens to bytes; places and lengths are parts of the whole, so that they fit any bytes. */
export type Damage =
  | { readonly how: 'flip'; readonly at: number; readonly bit: number }
  | { readonly how: 'cut'; readonly at: number }
  | { readonly how: 'drop' | 'double'; readonly at: number; readonly length: number }
  | { readonly how: 'insert'; readonly at: number; readonly bytes: Uint8Array };

/** A part of a whole, from 0 to below 1; doubles of fast-check are nearly all tiny. */
export const part: fc.Arbitrary<number> = fc.nat(999_999).map((millionths) => millionths / 1e6);
const at = part;
const length = fc.integer({ min: 1, max: 64 });

/** One piece of damage; `strange` is what may be put between other bytes. */
export function damages(strange: fc.Arbitrary<Uint8Array>): fc.Arbitrary<Damage> {
  return fc.oneof(
    { weight: 4, arbitrary: fc.record({ how: fc.constant('flip'), at, bit: fc.nat(7) }) },
    { weight: 1, arbitrary: fc.record({ how: fc.constant('cut'), at }) },
    { weight: 1, arbitrary: fc.record({ how: fc.constant('drop'), at, length }) },
    { weight: 1, arbitrary: fc.record({ how: fc.constant('double'), at, length }) },
    { weight: 4, arbitrary: fc.record({ how: fc.constant('insert'), at, bytes: strange }) },
  );
}

/** The bytes after all of it. */
export function damaged(bytes: Buffer, all: readonly Damage[]): Buffer {
  return all.reduce(damagedOnce, Buffer.from(bytes));
}

function damagedOnce(bytes: Buffer, damage: Damage): Buffer {
  const place = Math.floor(damage.at * bytes.length);
  const [before, after] = [bytes.subarray(0, place), bytes.subarray(place)];
  switch (damage.how) {
    case 'flip':
      return Buffer.from(bytes.map((byte, i) => (i === place ? byte ^ (1 << damage.bit) : byte)));
    case 'cut':
      return before;
    case 'drop':
      return Buffer.concat([before, after.subarray(damage.length)]);
    case 'double':
      return Buffer.concat([before, after.subarray(0, damage.length), after]);
    case 'insert':
      return Buffer.concat([before, damage.bytes, after]);
  }
}
