import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { allocateBytes, type Bytes } from '../dist/partitions/bytes.js';
import { AHEAD, Fingerprints } from '../dist/partitions/fingerprints.js';
import { Hash } from '../dist/partitions/hash.js';
import { endRecord, RECORD } from '../dist/partitions/record.js';

const ROOM = 128;
const seed = randomBytes(8);

/** Records one behind the other, each of another user and with another id; where they begin. */
function write(bytes: Bytes, count: number): number[] {
  let at = 0;
  return Array.from({ length: count }, () => {
    const start = at;
    bytes.u8.fill(0, start, start + RECORD.body);
    randomBytes(16).copy(bytes.u8, start + RECORD.transaction);
    const length = bytes.u8.write(
      randomBytes(1 + (start % 13)).toString('hex'),
      start + RECORD.body,
    );
    bytes.u8[start + RECORD.userLength] = length;
    at = endRecord(bytes, start, start + RECORD.body + length, start + RECORD.body + length);
    return start;
  });
}

const whom = ['user', 'id'] as const;

/** The same made at once, by a hash that looks nowhere. */
function plain(bytes: Bytes, start: number, what: (typeof whom)[number]): [number, number] {
  const hash = new Hash(seed);
  const length = bytes.u8[start + RECORD.userLength] as number;
  if (what === 'id') hash.uuid(bytes, start + RECORD.transaction);
  else hash.text(bytes, start + RECORD.body, length);
  return [hash.tag, hash.lane];
}

const asked = fc.record({
  of: fc.constantFrom('ahead', 'ahead', 'ahead', 'elsewhere'),
  step: fc.constantFrom(0, 0, 1, 1, 1, 2, 5, -1),
  what: fc.constantFrom(...whom),
});

test('a record has the same fingerprints whether they were made ahead or not', () => {
  const [here, elsewhere] = [allocateBytes(ROOM * AHEAD), allocateBytes(ROOM * AHEAD)];
  const hash = new Fingerprints(seed);
  const windows = fc.array(
    fc.tuple(fc.integer({ min: 1, max: AHEAD }), fc.array(asked, { maxLength: 80, size: 'max' })),
    { minLength: 1, maxLength: 4 },
  );
  const property = fc.property(windows, (all) => {
    for (const [count, questions] of all) {
      const others = write(elsewhere, AHEAD);
      const starts = write(here, AHEAD);
      hash.lookAhead(here, starts.slice(0, count));
      let index = 0;
      for (const { of, step, what } of questions) {
        index = Math.min(Math.max(index + step, 0), AHEAD - 1);
        const bytes = of === 'ahead' ? here : elsewhere;
        const start = (of === 'ahead' ? starts : others)[index] as number;
        hash[what](bytes, start);
        expect([hash.tag, hash.lane]).toEqual(plain(bytes, start, what));
      }
    }
  });
  fc.assert(property);
});
