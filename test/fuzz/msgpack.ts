import * as fc from 'fast-check';
import type { Json } from '../support/exchange.js';
import { openApiOf } from '../support/openapi.js';
import { damaged, damages } from './damage.js';
import { type Operation, operationsOf, requestsOf } from './operations.js';
import { type HttpRequest, MSGPACK, packr, shownRequest } from './request.js';
import { valuesOf } from './schema.js';
import { type Plan, search, type Tried, together } from './search.js';
import { faultOfAnswer, slow } from './structure.js';
import type { World } from './world.js';

/** MessagePack bodies, damaged or of any bytes, for the operations that take a body. */
export async function msgpack(world: World, { seed, runs }: Plan): Promise<Tried> {
  const api = await openApiOf(world.url);
  const operations = operationsOf(api).filter(({ id, body }) => {
    return body !== undefined && id !== 'receiveWebhook' && !slow.includes(id);
  });
  const faultOf = (asked: HttpRequest) => faultOfAnswer(api, world, asked);
  return await together(
    operations.map((operation, index) => () => {
      const plan = { seed: seed * 100 + index, runs };
      const requests = packedRequests(operation, world);
      return search(`msgpack to ${operation.id}`, requests, plan, faultOf, shownRequest);
    }),
  );
}

function packedRequests(operation: Operation, world: World): fc.Arbitrary<HttpRequest> {
  const values = valuesOf(operation.body ?? {}, world.known);
  return fc
    .record({ request: requestsOf(operation, world), body: packedBodies(values), accept })
    .map(({ request, body, accept: wish }) => {
      return {
        ...request,
        body,
        headers: { ...request.headers, 'content-type': MSGPACK, ...wish },
      };
    });
}

const accept = fc.constantFrom<Record<string, string>>(
  ...[{}, { accept: 'application/json' }, { accept: MSGPACK }],
);

function packedBodies(values: fc.Arbitrary<Json>): fc.Arbitrary<Buffer> {
  const valid = values.map((value) => Buffer.from(packr.pack(value)));
  const damage = fc.array(damages(strange), { maxLength: 3 });
  const broken = fc
    .record({ bytes: valid, damage })
    .map(({ bytes, damage: all }) => damaged(bytes, all));
  return fc.oneof(
    { weight: 6, arbitrary: broken },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)) },
    { weight: 1, arbitrary: fc.array(strange).map((parts) => Buffer.concat(parts)) },
  );
}

/** Sizes that are not there, types that JSON has not, ends of ranges, texts that are none. */
const pieces = [
  ...[
    '80',
    '81',
    '8f',
    'de0001',
    'deffff',
    'df00000001',
    'dfffffffff',
    '90',
    '91',
    'dc0001',
    'dcffff',
  ],
  ...[
    'ddffffffff',
    'a0',
    'a161',
    'bf',
    'd901',
    'd9ff',
    'da0001',
    'daffff',
    'db00000001',
    'dbffffffff',
  ],
  ...[
    'a1ff',
    'a3eda080',
    'a2c080',
    'a100',
    'a95f5f70726f746f5f5f',
    'c0',
    'c1',
    'c2',
    'c3',
    'c400',
    'c5ffff',
  ],
  ...[
    'c6ffffffff',
    'c7ff00',
    'c70072',
    'd40000',
    'd47200',
    'd47640',
    'd6ff00000000',
    'd80000',
    'd57200',
    'c9ffffffff00',
  ],
  ...[
    'ca7fc00000',
    'cb7ff0000000000000',
    'cb8000000000000000',
    'cb3ff8000000000000',
    'ccff',
    'cdffff',
  ],
  ...[
    'ceffffffff',
    'cfffffffffffffffff',
    'cf0020000000000000',
    'cf001fffffffffffff',
    'd080',
    'd18000',
  ],
  ...['d280000000', 'd38000000000000000', 'd3ffe0000000000000', 'ff', 'e0', '7f', '00'],
].map((hex) => new Uint8Array(Buffer.from(hex, 'hex')));

const strange: fc.Arbitrary<Uint8Array> = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...pieces) },
  { weight: 2, arbitrary: fc.uint8Array({ minLength: 1, maxLength: 12 }) },
  {
    weight: 1,
    arbitrary: fc.integer({ min: 20, max: 4_000 }).map((n) => new Uint8Array(n).fill(0x91)),
  },
);
