import type { FastifyInstance } from 'fastify';
import type { BalanceBody } from '../../engine/bodies.js';
import type { Wallet } from '../../engine/wallet.js';
import { objectOf } from '../formats.js';
import { Problem } from '../problems.js';
import { answerSchema, createdSchema } from '../schemas/wallet.js';

/** `POST /user/balance` and `/user/info`: reads under the wallet protocol, HTTP 200 always. */
export function userRoutes(app: FastifyInstance, wallet: Wallet): void {
  const schema = { response: { 200: answerSchema } };
  app.post('/user/balance', { schema }, ({ body }) => wallet.balance(objectOf<BalanceBody>(body)));
  app.post('/user/info', { schema }, ({ body }) => wallet.info(objectOf<BalanceBody>(body)));
}

/** `POST /users` `{users: [...]}`: makes those who do not exist; what is no name is skipped. */
export function createUsersRoute(app: FastifyInstance, wallet: Wallet): void {
  const schema = { response: { 200: createdSchema } };
  app.post('/users', { schema }, async ({ body }) => {
    const { users } = objectOf<{ readonly users?: unknown }>(body);
    if (!Array.isArray(users)) throw noList();
    return { created: await wallet.createUsers(users) };
  });
}

function noList(): Problem {
  const errors = [{ pointer: '/users', detail: 'must be a list of user ids' }];
  return new Problem('validation_failed', undefined, { errors });
}
