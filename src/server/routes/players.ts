import type { FastifyInstance } from 'fastify';
import type { Outcome } from '../../engine/economy.js';
import type {
  ClearableLimits,
  Player,
  PlayerBody,
  PlayerStatus,
  Wallet,
} from '../../engine/wallet.js';
import { type Answered, addOperation, type Doors } from '../operation.js';
import { Problem } from '../problems.js';
import { examples } from '../schemas/examples.js';
import * as schemas from '../schemas/players.js';

const tag = 'Players';
const answers = { 200: schemas.player };
const shared = { tag, answers, examples: { 200: examples.player } } as const;

/** `/v1/players`: what a player has and may do. */
export function playerRoutes(app: FastifyInstance, doors: Doors, { players }: Wallet): void {
  addOperation<PlayerBody>(
    app,
    doors,
    {
      ...shared,
      method: 'POST',
      url: '/v1/players',
      id: 'createPlayer',
      summary: 'Makes a player',
      description: 'The initial balance comes from issuance; default 0.',
      access: { scope: 'wallet' },
      body: schemas.playerBody,
      bodyExample: { player_id: 'alice', initial_balance: 90_000 },
      answers: { 201: schemas.player },
      examples: { 201: { ...examples.player, version: 1, limits: {} } },
      problems: ['player_exists'],
    },
    async ({ body }) => ({ outcome: await players.create(body) }),
  );
  addOperation(
    app,
    doors,
    {
      ...shared,
      method: 'GET',
      url: '/v1/players/:id',
      id: 'getPlayer',
      summary: 'Balance, status, limits and version',
      access: { scope: 'wallet', self: true },
    },
    async ({ player }) => {
      const value = await players.get(player);
      return found(value && { ok: true, value, replayed: false, version: value.version });
    },
  );
  addOperation<{ readonly status: PlayerStatus }>(
    app,
    doors,
    {
      ...shared,
      method: 'PUT',
      url: '/v1/players/:id/status',
      id: 'setStatus',
      summary: 'Disables or enables a player',
      description: 'A disabled player spends nothing; wins, rollbacks, credits and refunds go on.',
      access: { scope: 'wallet' },
      body: schemas.statusBody,
      bodyExample: { status: 'DISABLED' },
      examples: { 200: { ...examples.player, status: 'DISABLED' } },
      condition: true,
    },
    async ({ player, body, options }) => {
      return found(await players.setStatus(player, body.status, options));
    },
  );
  addOperation<ClearableLimits>(
    app,
    doors,
    {
      ...shared,
      method: 'PUT',
      url: '/v1/players/:id/limits',
      id: 'setLimits',
      summary: 'Sets all limits of a player',
      description:
        'Minor units; what is absent or null does not limit. daily_stake: all bets of one UTC day; ' +
        'daily_loss: bets less wins of one UTC day.',
      access: { scope: 'wallet' },
      body: schemas.limitsBody,
      bodyExample: { max_bet: 5_000 },
      condition: true,
    },
    async ({ player, body, options }) => {
      return found(await players.setLimits(player, body, options));
    },
  );
}

function found(outcome: Outcome<Player> | undefined): Answered {
  if (outcome === undefined) throw new Problem('player_not_found');
  return { outcome };
}
