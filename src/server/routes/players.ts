import type { FastifyInstance, FastifyReply } from 'fastify';
import type { Player, PlayerStatus, Wallet } from '../../engine/wallet.js';
import { Problem } from '../problems.js';
import {
  type LimitsBody,
  limitsBodySchema,
  playerSchema,
  type StatusBody,
  statusBodySchema,
} from '../schemas.js';

interface ById {
  readonly Params: { readonly id: string };
}

/** `/v1/players/:id`: what a player has and may do. */
export function playerRoutes(app: FastifyInstance, { players }: Wallet): void {
  const response = { 200: playerSchema };

  app.get<ById>('/v1/players/:id', { schema: { response } }, async ({ params }, reply) =>
    found(await players.get(params.id), reply),
  );

  app.put<ById & { Body: StatusBody }>(
    '/v1/players/:id/status',
    { schema: { body: statusBodySchema, response } },
    async ({ params, body }, reply) =>
      found(await players.setStatus(params.id, body.status satisfies PlayerStatus), reply),
  );

  app.put<ById & { Body: LimitsBody }>(
    '/v1/players/:id/limits',
    { schema: { body: limitsBodySchema, response } },
    async ({ params, body: { max_bet } }, reply) =>
      found(await players.setLimits(params.id, max_bet == null ? {} : { max_bet }), reply),
  );
}

function found(player: Player | undefined, reply: FastifyReply): Player {
  if (player === undefined) throw new Problem('player_not_found');
  reply.header('etag', `"${player.version}"`);
  return player;
}
