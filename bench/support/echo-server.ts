import fastify from 'fastify';
import { answerAfterDisk } from './after-disk.js';

/**
 * The baseline: a Fastify route with the answer's schema that only echoes. Started with a directory, it
 * answers after the disk has a value.
 */
const text = { type: 'string' } as const;
const answer = {
  type: 'object',
  properties: {
    user: text,
    status: text,
    request_uuid: text,
    currency: text,
    balance: { type: 'integer' },
  },
} as const;

interface Bet {
  readonly user: string;
  readonly request_uuid: string;
  readonly currency: string;
  readonly amount: number;
}

const [, , directory] = process.argv;
const app = fastify();
if (directory !== undefined) answerAfterDisk(app, directory);
app.post('/transaction/bet', { schema: { response: { 200: answer } } }, async (request) => {
  const { user, request_uuid, currency, amount } = request.body as Bet;
  return { user, status: 'RS_OK', request_uuid, currency, balance: amount };
});
await app.listen({ host: '127.0.0.1', port: 0 });
console.log(`echo listening on ${app.listeningOrigin}`);
