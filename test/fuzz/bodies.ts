import * as fc from 'fast-check';
import type { Json } from '../support/exchange.js';
import { MSGPACK, packr } from './request.js';
import { type Schema, valuesOf } from './schema.js';
import { edited, edits } from './tree.js';
import type { World } from './world.js';

/** What is sent behind the headers, and what they say of it. */
export interface Body {
  readonly bytes?: Buffer;
  readonly headers: Readonly<Record<string, string>>;
}

const json = { 'content-type': 'application/json' };

/** Bodies for a schema: valid, broken, of other types, or none. */
export function bodiesOf(schema: Schema | undefined, { known }: World): fc.Arbitrary<Body> {
  const none = fc.constant({ headers: {} });
  const values = schema === undefined ? fc.constant({}) : valuesOf(schema, known);
  const broken = fc
    .record({ value: values, edits })
    .map(({ value, edits: all }) => edited(value, all));
  const anyText = fc.string({ unit: 'binary' });
  const valid = values.map((value) => textBody(JSON.stringify(value), json));
  const kinds: fc.WeightedArbitrary<Body>[] = [
    { weight: schema === undefined ? 0 : 20, arbitrary: valid },
    {
      weight: schema === undefined ? 1 : 12,
      arbitrary: broken.map((text) => textBody(text, json)),
    },
    { weight: 1, arbitrary: anyText.map((text) => textBody(text, json)) },
    {
      weight: 1,
      arbitrary: fc.uint8Array().map((bytes) => ({ bytes: Buffer.from(bytes), headers: json })),
    },
    { weight: 2, arbitrary: packed(values) },
    { weight: 1, arbitrary: otherTypes(values) },
    { weight: schema === undefined ? 12 : 1, arbitrary: none },
  ];
  return fc.oneof(...kinds);
}

function textBody(text: string, headers: Body['headers']): Body {
  return { bytes: Buffer.from(text), headers };
}

/** The same value in MessagePack, with and without a wish for the format of the answer. */
function packed(values: fc.Arbitrary<Json>): fc.Arbitrary<Body> {
  const accept = fc.constantFrom('application/json', MSGPACK, '*/*');
  return fc.record({ value: values, accept }).map(({ value, accept: wish }) => {
    const headers = { 'content-type': MSGPACK, accept: wish };
    return { bytes: Buffer.from(packr.pack(value)), headers };
  });
}

function otherTypes(values: fc.Arbitrary<Json>): fc.Arbitrary<Body> {
  const types = ['text/plain', 'application/xml', '', 'application/json; charset=utf-16', 'json'];
  const type = fc.constantFrom(
    ...types,
    'application/x-www-form-urlencoded',
    'multipart/form-data',
  );
  return fc.record({ value: values, type }).map(({ value, type: other }) => {
    return textBody(JSON.stringify(value), { 'content-type': other });
  });
}
