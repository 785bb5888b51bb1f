import * as fc from 'fast-check';
import type { Json } from '../support/exchange.js';

/** A schema of the OpenAPI document, as far as requests have them. */
export interface Schema {
  readonly type?: string | readonly string[];
  readonly enum?: readonly Json[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly minItems?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly pattern?: string;
}

/** Values of a member of this name that mean something to the server; undefined: any will do. */
export type Known = (name: string) => fc.Arbitrary<Json> | undefined;

/** Values that a schema allows. */
export function valuesOf(schema: Schema, known: Known, name = ''): fc.Arbitrary<Json> {
  const any = plainValues(schema, known);
  const meant = schema.enum === undefined ? known(name) : undefined;
  if (meant === undefined) return any;
  return fc.oneof({ weight: 6, arbitrary: meant }, { weight: 1, arbitrary: any });
}

function plainValues(schema: Schema, known: Known): fc.Arbitrary<Json> {
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
  const types = [schema.type ?? 'object'].flat();
  return fc.oneof(...types.map((type) => valuesOfType(type, schema, known)));
}

function valuesOfType(type: string, schema: Schema, known: Known): fc.Arbitrary<Json> {
  if (type === 'null') return fc.constant(null);
  if (type === 'boolean') return fc.boolean();
  if (type === 'integer') return integers(schema);
  if (type === 'string') return strings(schema);
  if (type === 'array') return lists(schema, known);
  return objects(schema, known);
}

function integers({ minimum: min = 0, maximum: max = Number.MAX_SAFE_INTEGER }: Schema) {
  return fc.oneof(
    { weight: 6, arbitrary: fc.integer({ min, max: Math.min(max, min + 50) }) },
    {
      weight: 1,
      arbitrary: fc.constantFrom(min, max, Math.min(max, 2 ** 31), Math.min(max, 2 ** 32)),
    },
    { weight: 1, arbitrary: fc.maxSafeNat().map((number) => Math.max(min, number % (max + 1))) },
  );
}

function strings({ pattern, minLength = 0, maxLength = 300 }: Schema): fc.Arbitrary<string> {
  if (pattern === undefined) {
    return fc.string({ unit: 'grapheme', minLength, maxLength: Math.max(minLength, 40) });
  }
  const fits = fc.stringMatching(new RegExp(pattern));
  return fits.filter((text) => text.length >= minLength && text.length <= maxLength);
}

function lists({ items = { type: 'string' }, minItems: minLength = 0 }: Schema, known: Known) {
  return fc.array(valuesOf(items, known), { minLength, maxLength: Math.max(minLength, 6) });
}

function objects({ properties, required = [] }: Schema, known: Known): fc.Arbitrary<Json> {
  if (properties === undefined)
    return fc.dictionary(fc.string(), fc.jsonValue()) as fc.Arbitrary<Json>;
  const members = Object.entries(properties).map(([name, schema]) => {
    return [name, valuesOf(schema, known, name)] as const;
  });
  return fc.record(Object.fromEntries(members), {
    requiredKeys: [...required],
    noNullPrototype: true,
  });
}
