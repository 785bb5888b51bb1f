import fastify from 'fastify';

/** The baseline: a Fastify route with the answer's schema that only echoes. */
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

const app = fastify();
app.post('/transaction/bet', { schema: { response: { 200: answer } } }, async (request) => {
  const { user, request_uuid, currency, amount } = request.body as Bet;
  return { user, status: 'RS_OK', request_uuid, currency, balance: amount };
});
await app.listen({ host: '127.0.0.1', port: 0 });
console.log(`echo listening on ${app.listeningOrigin}`);
