import { randomBytes, scrypt } from 'node:crypto';
import { promisify } from 'node:util';
import fastify, { type FastifyReply, type FastifyRequest } from 'fastify';
import pg from 'pg';
import { schema } from './shop-schema.js';

/** The shop's routes over PostgreSQL: one call of a stored function each, prepared, 16 connections. */
const port = Number(process.argv[2]);
const players = Number(process.argv[3]);
const options = { host: '127.0.0.1', port, user: 'postgres', database: 'postgres' };

async function connected(): Promise<pg.Client> {
  for (let attempt = 0; ; attempt++) {
    const client = new pg.Client(options);
    try {
      await client.connect();
      return client;
    } catch (error) {
      if (attempt === 100) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

const setup = await connected();
await setup.query(schema);
await setup.query(`insert into players (id, balance)
  select 'player' || i, 1000000 from generate_series(0, ${players - 1}) i`);
await setup.query("insert into items values ('potion', 1, 10, 'consumable')");
await setup.end();
const pool = new pg.Pool({ ...options, max: 16 });

type Params = { readonly id: string; readonly order?: string };

/** The content that a retry is compared with: method, path and body. */
function fingerprint({ method, url, body }: FastifyRequest): string {
  return `${method} ${url} ${JSON.stringify(body)}`;
}

async function call(
  name: string,
  request: FastifyRequest,
  reply: FastifyReply,
  argument: unknown,
): Promise<unknown> {
  const { id } = request.params as Params;
  const key = request.headers['idempotency-key'];
  const { rows } = await pool.query({
    name,
    text: `select * from ${name}($1, $2, $3, $4)`,
    values: [id, key, fingerprint(request), argument],
  });
  reply.code(rows[0].status);
  return rows[0].body;
}

const app = fastify();
const at = '/v1/players/:id';
app.post(`${at}/credits`, (request, reply) => {
  return call('credit', request, reply, (request.body as { amount: number }).amount);
});
app.post(`${at}/orders`, (request, reply) => {
  const { lines } = request.body as { lines: unknown };
  return call('order_create', request, reply, JSON.stringify(lines));
});
app.post(`${at}/orders/:order/complete`, (request, reply) => {
  return call('order_complete', request, reply, (request.params as Params).order);
});
app.post(`${at}/orders/:order/refunds`, (request, reply) => {
  return call('order_refund', request, reply, (request.params as Params).order);
});

const derive = promisify<string, Buffer, number, object, Buffer>(scrypt);
app.post('/signup', async (request, reply) => {
  const { username, password } = request.body as { username: string; password: string };
  const hash = await derive(password, randomBytes(16), 32, { N: 2 ** 15, maxmem: 2 ** 26 });
  const text = 'select * from signup($1, $2)';
  const { rows } = await pool.query({ name: 'signup', text, values: [username, hash] });
  reply.code(rows[0].status);
  return rows[0].body;
});
await app.listen({ host: '127.0.0.1', port: 0 });
console.log(`shop listening on ${app.listeningOrigin}`);
