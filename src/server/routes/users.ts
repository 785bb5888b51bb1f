import type { FastifyInstance } from 'fastify';
import type { BalanceBody } from '../../engine/bodies.js';
import type { Wallet } from '../../engine/wallet.js';
import { objectOf } from '../formats.js';
import { hub88Signature } from '../openapi/headers.js';
import { described, type Operation } from '../operation.js';
import { Problem } from '../problems.js';
import {
  answerSchema,
  balanceBody,
  createdSchema,
  documentedAnswer,
  usersBody,
  walletExamples,
} from '../schemas/wallet.js';

const read = {
  method: 'POST',
  tag: 'Wallet',
  access: { scope: 'wallet' },
  documentedBody: balanceBody,
  bodyExample: walletExamples.balance,
  headers: [hub88Signature],
  answers: { 200: documentedAnswer },
  answersMessagePack: true,
} as const;

const balance: Operation = {
  ...read,
  url: '/user/balance',
  id: 'userBalance',
  summary: 'The balance of a user',
  examples: { 200: walletExamples.answer },
};

const info: Operation = {
  ...read,
  url: '/user/info',
  id: 'userInfo',
  summary: 'The balance and country of a user',
  description: 'The country is always ZZ: the wallet keeps no addresses.',
  examples: { 200: { ...walletExamples.answer, country: 'ZZ' } },
};

const createUsers: Operation = {
  ...read,
  url: '/users',
  id: 'createUsers',
  summary: 'Makes the users who do not exist, with the initial balance',
  documentedBody: usersBody,
  bodyExample: { users: ['alice', 'bob'] },
  headers: [],
  answers: { 200: createdSchema },
  examples: { 200: { created: 2 } },
  problems: ['validation_failed'],
};

/** `POST /user/balance` and `/user/info`: reads under the wallet protocol, HTTP 200 always. */
export function userRoutes(app: FastifyInstance, wallet: Wallet): void {
  const schema = { response: { 200: answerSchema } };
  app.post(balance.url, { schema, config: described(balance) }, ({ body }) => {
    return wallet.balance(objectOf<BalanceBody>(body));
  });
  app.post(info.url, { schema, config: described(info) }, ({ body }) => {
    return wallet.info(objectOf<BalanceBody>(body));
  });
}

/** `POST /users` `{users: [...]}`: makes those who do not exist; what is no name is skipped. */
export function createUsersRoute(app: FastifyInstance, wallet: Wallet): void {
  const schema = { response: { 200: createdSchema } };
  app.post(createUsers.url, { schema, config: described(createUsers) }, async ({ body }) => {
    const { users } = objectOf<{ readonly users?: unknown }>(body);
    if (!Array.isArray(users)) throw noList();
    return { created: await wallet.createUsers(users) };
  });
}

function noList(): Problem {
  const errors = [{ pointer: '/users', detail: 'must be a list of user ids' }];
  return new Problem('validation_failed', undefined, { errors });
}
