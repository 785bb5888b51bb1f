import type { FastifyInstance } from 'fastify';
import type { BetBody, RollbackBody, WinBody } from '../../engine/bodies.js';
import type { Wallet } from '../../engine/wallet.js';
import { objectOf } from '../formats.js';
import { limits } from '../limits.js';
import { hub88Signature } from '../openapi/headers.js';
import { described, type Operation } from '../operation.js';
import { Problem } from '../problems.js';
import { listOf } from '../schemas/parts.js';
import {
  answerSchema,
  batchBody,
  betBody,
  documentedAnswer,
  rollbackBody,
  walletExamples,
  winBody,
} from '../schemas/wallet.js';

const decision = {
  method: 'POST',
  tag: 'Wallet',
  access: { scope: 'wallet' },
  headers: [hub88Signature],
  answers: { 200: documentedAnswer },
  answersMessagePack: true,
  examples: { 200: walletExamples.answer },
} as const;

const bet: Operation = {
  ...decision,
  url: '/transaction/bet',
  id: 'bet',
  summary: 'Debits a stake',
  documentedBody: betBody,
  bodyExample: walletExamples.bet,
};

const win: Operation = {
  ...decision,
  url: '/transaction/win',
  id: 'win',
  summary: 'Credits a win on a bet',
  documentedBody: winBody,
  bodyExample: walletExamples.win,
};

const rollback: Operation = {
  ...decision,
  url: '/transaction/rollback',
  id: 'rollback',
  summary: 'Undoes a bet or a win, once',
  description: 'Of an unknown transaction it is remembered: that one is refused when it comes.',
  documentedBody: rollbackBody,
  bodyExample: walletExamples.rollback,
};

const batch: Operation = {
  ...decision,
  url: '/transactions',
  id: 'batch',
  summary: 'Up to 4,096 operations; the answers come in the same order',
  documentedBody: batchBody,
  bodyExample: [{ op: 'bet', ...walletExamples.bet }],
  answers: { 200: listOf(documentedAnswer) },
  examples: { 200: [walletExamples.answer] },
};

/**
 * `POST /transaction/bet`, `/win` and `/rollback`: HTTP 200 for every decision. What a body must
 * hold is the engine's to judge, so that embedders and callers get the same answers.
 */
export function transactionRoutes(app: FastifyInstance, wallet: Wallet): void {
  const schema = { response: { 200: answerSchema } };
  app.post(bet.url, { schema, config: described(bet) }, ({ body }) => {
    return wallet.bet(objectOf<BetBody>(body));
  });
  app.post(win.url, { schema, config: described(win) }, ({ body }) => {
    return wallet.win(objectOf<WinBody>(body));
  });
  app.post(rollback.url, { schema, config: described(rollback) }, ({ body }) => {
    return wallet.rollback(objectOf<RollbackBody>(body));
  });
}

/** `POST /transactions`: an array of operations in, the array of their answers out. */
export function batchRoute(app: FastifyInstance, wallet: Wallet): void {
  const schema = { response: { 200: { type: 'array', items: answerSchema } } };
  const bodyLimit = limits.batch_body_bytes;
  const config = described(batch);
  app.post(batch.url, { schema, bodyLimit, config }, ({ body }) => {
    return wallet.batch(operationsIn(body));
  });
}

function operationsIn(body: unknown): Parameters<Wallet['batch']>[0] {
  if (!Array.isArray(body)) throw new Problem('malformed_request', 'The body must be an array.');
  if (body.length <= limits.batch_operations) return body;
  const detail = `A batch has at most ${limits.batch_operations} operations.`;
  throw new Problem('payload_too_large', detail);
}
