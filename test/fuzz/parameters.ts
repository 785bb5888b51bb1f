import * as fc from 'fast-check';
import type { Json } from '../support/exchange.js';
import { type Schema, valuesOf } from './schema.js';
import type { World } from './world.js';

/** A parameter as the document describes it. */
export interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header';
  readonly required?: boolean;
  readonly schema: Schema;
}

/** An absent parameter is undefined. */
export type Values = Readonly<Record<string, Json | undefined>>;

const strangeTexts = ['', '0', '-1', 'null', '__proto__', '*', '"1"', '\ud800', '\0', '..', 'a/b'];
const strange: fc.Arbitrary<string> = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom(...strangeTexts),
  fc.constantFrom(256, 300, 2_100, 9_000).map((length) => 'x'.repeat(length)),
);

/** Values of the parameters in one place; now and then one that breaks its schema. */
export function parametersOf(
  parameters: readonly Parameter[],
  place: Parameter['in'],
  { known }: World,
): fc.Arbitrary<Values> {
  const own = parameters.filter((parameter) => parameter.in === place);
  const members = own.map(({ name, required, schema }) => {
    const key = place === 'header' ? name.toLowerCase() : name;
    const valid = { weight: required === true ? 30 : 6, arbitrary: valuesOf(schema, known, key) };
    const absent = { weight: place === 'path' ? 0 : 1, arbitrary: fc.constant(undefined) };
    const often = required === true ? absent : { ...absent, weight: 24 };
    return [key, fc.oneof(valid, often, { weight: 1, arbitrary: strange })] as const;
  });
  return fc.record(Object.fromEntries(members), { noNullPrototype: true });
}

/** A path whose parameters have these values. */
export function pathOf(template: string, values: Values): string {
  return template.replace(/\{(\w+)\}/g, (_, name: string) => escaped(String(values[name])));
}

export function queryOf(values: Values): string {
  const given = Object.entries(values).filter(([, value]) => value !== undefined);
  const pairs = given.map(([name, value]) => `${name}=${escaped(String(value))}`);
  return pairs.length === 0 ? '' : `?${pairs.join('&')}`;
}

/** In UTF-8; half a surrogate pair becomes the bytes that it would have. */
function escaped(text: string): string {
  return [...text]
    .map((character) => {
      const code = character.codePointAt(0) ?? 0;
      if (code < 0xd800 || code > 0xdfff) return encodeURIComponent(character);
      const bytes = [0xe0 | (code >> 12), 0x80 | ((code >> 6) & 0x3f), 0x80 | (code & 0x3f)];
      return bytes.map((byte) => `%${byte.toString(16)}`).join('');
    })
    .join('');
}
