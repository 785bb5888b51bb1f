import fc from 'fast-check';
import { expect, test } from 'vitest';
import { change } from '../dist/ledger/request.js';
import { Layer } from '../dist/partitions/layer.js';
import { unpack } from '../dist/partitions/packing.js';
import { packChanges } from '../dist/partitions/request-record.js';

const owner = fc.constantFrom('alice', 'bob', 'mallory');
const id = fc.oneof(
  { weight: 3, arbitrary: fc.nat(400).map((n) => `o:order_${n}`) },
  fc.string({ unit: 'grapheme', maxLength: 80 }),
);
const value = fc.oneof(fc.constant(null), fc.nat(), fc.string({ maxLength: 40 }));
const entry = fc.tuple(owner, fc.array(fc.tuple(id, value), { minLength: 1, maxLength: 5 }));

test('a layer has the newest value of every document that was changed', () => {
  fc.assert(
    fc.property(fc.array(entry, { maxLength: 600, size: 'max' }), (entries) => {
      const layer = new Layer();
      const known = new Map<string, Map<string, unknown>>();
      let size = 0;
      for (const [owner, changes] of entries) {
        const packed = packChanges(changes.map(([id, value]) => change(id, value)));
        layer.add(owner, packed, 0);
        size += changes.length;
        const own = known.get(owner) ?? new Map();
        known.set(owner, own);
        for (const [id, value] of changes) own.set(id, value);
      }
      expect(layer.size).toBe(size);
      for (const [owner, own] of known) {
        expect([...layer.ids(owner, 'own')].sort()).toEqual([...own.keys()].sort());
        for (const [id, value] of own) expect(layer.read(owner, 'own', id)).toEqual(value);
        expect(layer.read(owner, 'own', 'nobody wrote this')).toBeUndefined();
        expect(layer.read(owner, 'outbox', [...own.keys()][0] ?? '')).toBeUndefined();
      }
      const written = [...layer].map(([owner, id, value]) => [
        owner,
        id,
        unpack(value ?? undefined),
      ]);
      const wanted = [...known].flatMap(([owner, own]) =>
        [...own].map(([id, value]) => [owner, id, value ?? undefined]),
      );
      expect(written.sort()).toEqual(wanted.sort());
    }),
    { numRuns: 60 },
  );
});
