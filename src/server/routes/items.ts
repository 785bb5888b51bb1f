import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { ItemBody } from '../../engine/economy.js';
import type { Wallet } from '../../engine/wallet.js';
import { ifMatchOf, ifNoneMatchOf } from '../conditions.js';
import * as headers from '../openapi/headers.js';
import { addOperation, type Doors } from '../operation.js';
import { examples, page } from '../schemas/examples.js';
import { type PageText, pageIn, pageOf, pageQuery } from '../schemas/parts.js';
import * as schemas from '../schemas/shop.js';

const tag = 'Catalogue';

/** The catalogue: what is for sale, in versions that never change. */
export function itemRoutes(app: FastifyInstance, doors: Doors, { items }: Wallet): void {
  addOperation<unknown, PageText>(
    app,
    doors,
    {
      method: 'GET',
      url: '/v1/items',
      id: 'listItems',
      tag,
      summary: 'The items by sku, in their newest versions',
      query: pageQuery(),
      unversioned: true,
      answers: { 200: pageOf(schemas.item) },
      examples: { 200: page(examples.item) },
      problems: ['invalid_cursor'],
    },
    async ({ query }) => ({ outcome: await items.list(pageIn(query)) }),
  );
  addOperation(
    app,
    doors,
    {
      method: 'GET',
      url: '/v1/items/:sku',
      id: 'getItem',
      tag,
      summary: 'An item, in its newest version',
      answers: { 200: schemas.item },
      examples: { 200: examples.item },
      problems: ['item_not_found'],
    },
    async ({ params }) => ({ outcome: await items.get(params['sku'] ?? '') }),
  );
  addOperation<ItemBody>(
    app,
    doors,
    {
      method: 'PUT',
      url: '/v1/items/:sku',
      id: 'putItem',
      tag,
      summary: 'Makes an item, or its next version',
      description:
        'A new item may come with `If-None-Match: *`; an existing one needs `If-Match: "<version>"`. ' +
        'PENDING orders keep the version that they were made with.',
      access: { scope: 'admin' },
      body: schemas.itemBody,
      bodyExample: { name: 'Potion', kind: 'consumable', price: 10 },
      replays: true,
      headers: [headers.ifMatch('item'), headers.ifNoneMatch],
      answers: { 200: schemas.item, 201: schemas.item },
      examples: { 200: examples.item, 201: { ...examples.item, version: 1 } },
      problems: ['version_mismatch', 'precondition_required', 'limit_reached'],
    },
    async ({ params, body, request }) => {
      const outcome = await items.put(params['sku'] ?? '', body, conditionOf(request));
      const isNew = outcome.ok && outcome.version === 1 && !outcome.replayed;
      return { outcome, status: isNew ? 201 : 200 };
    },
  );
}

function conditionOf(request: FastifyRequest): Parameters<Wallet['items']['put']>[2] {
  const [ifMatch, ifNoneMatch] = [ifMatchOf(request), ifNoneMatchOf(request)];
  return {
    ...(ifMatch !== undefined && { ifMatch }),
    ...(ifNoneMatch !== undefined && { ifNoneMatch }),
  };
}
