import type { FastifyInstance } from 'fastify';
import type { EntitlementStatus } from '../../engine/economy.js';
import type { Wallet } from '../../engine/wallet.js';
import { addOperation, type Doors } from '../operation.js';
import { examples, page } from '../schemas/examples.js';
import { type PageText, pageIn, pageOf, pageQuery, sku } from '../schemas/parts.js';
import * as schemas from '../schemas/shop.js';

const tag = 'Entitlements';
const moves = {
  method: 'POST',
  tag,
  key: 'required',
  condition: true,
  answers: { 200: schemas.entitlement },
  examples: { 200: examples.entitlement },
} as const;
const refusals = [
  'entitlement_not_found',
  'entitlement_not_active',
  'quantity_exceeds_remaining',
] as const;

interface Filter {
  readonly sku?: string;
  readonly status?: EntitlementStatus;
}

/** What a player owns, as lots. */
export function entitlementRoutes(app: FastifyInstance, doors: Doors, wallet: Wallet): void {
  const { entitlements } = wallet;
  addOperation<unknown, PageText & Filter>(
    app,
    doors,
    {
      method: 'GET',
      url: '/v1/players/:id/entitlements',
      id: 'listEntitlements',
      tag,
      summary: 'The lots, newest first',
      description: 'granted = remaining + consumed + revoked + expired.',
      access: { scope: 'orders', self: true },
      query: pageQuery({ sku, status: schemas.entitlementStatuses }),
      answers: { 200: pageOf(schemas.entitlement) },
      examples: { 200: page(examples.entitlement) },
      problems: ['invalid_cursor'],
    },
    async ({ player, query }) => ({
      outcome: await entitlements.list(player, {
        ...pageIn(query),
        ...(query.sku !== undefined && { sku: query.sku }),
        ...(query.status !== undefined && { status: query.status }),
      }),
    }),
  );
  addOperation<{ readonly quantity: number }>(
    app,
    doors,
    {
      ...moves,
      url: '/v1/players/:id/entitlements/:entitlement/consume',
      id: 'consumeEntitlement',
      summary: 'Uses units of a lot up',
      access: { scope: 'orders', self: true },
      body: schemas.consumeBody,
      bodyExample: { quantity: 1 },
      problems: [...refusals, 'not_consumable', 'account_disabled'],
    },
    async ({ player, params, body, options }) => ({
      outcome: await entitlements.consume(player, params['entitlement'] ?? '', body, options),
    }),
  );
  addOperation<{ readonly quantity?: number; readonly reason?: string }>(
    app,
    doors,
    {
      ...moves,
      url: '/v1/players/:id/entitlements/:entitlement/revoke',
      id: 'revokeEntitlement',
      summary: 'Takes units of a lot away, without money',
      access: { scope: 'admin' },
      body: schemas.revokeBody,
      bodyOptional: true,
      bodyExample: { reason: 'support' },
      examples: {
        200: { ...examples.entitlement, status: 'CONSUMED', remaining: 0, revoked: 1 },
      },
      problems: refusals,
    },
    async ({ player, params, body, options }) => ({
      outcome: await entitlements.revoke(player, params['entitlement'] ?? '', body, options),
    }),
  );
}
