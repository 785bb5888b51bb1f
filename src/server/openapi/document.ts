import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import type { FastifyInstance } from 'fastify';
import { TOKEN_SECONDS } from '../tokens.js';
import { describeOperations } from './operations.js';

const about = `A wallet for games and casinos: exact, durable before it answers, each request once.

Amounts are whole numbers of the currency's minor unit; times are RFC 3339, UTC. Every POST that
moves money or ownership takes an \`Idempotency-Key\`: the same key and the same request get the
stored answer, with \`Idempotent-Replayed: true\`, for ever; a refused request leaves its key free.
Errors are \`application/problem+json\` with a stable \`code\`. After 503 \`unavailable\` the outcome is
unknown: send the same request again.`;

const tags = [
  { name: 'Wallet', description: 'Bets, wins and rollbacks: HTTP 200 for every decision' },
  { name: 'Players' },
  { name: 'Credits' },
  { name: 'History' },
  { name: 'Catalogue' },
  { name: 'Orders' },
  { name: 'Entitlements' },
  { name: 'Payments' },
  { name: 'Treasury' },
  { name: 'Game wallet', description: "A front end's own endpoints, in camelCase" },
  { name: 'Service' },
];

const securitySchemes = {
  service: { type: 'http', scheme: 'bearer', description: 'A key of PURSER_API_KEYS' },
  player: {
    type: 'http',
    scheme: 'bearer',
    bearerFormat: 'JWT',
    description: `From /login; HS256, good for ${TOKEN_SECONDS / 3600} hours`,
  },
} as const;

/** Describes the routes that are added after this, at `/openapi.json` and to be read at `/docs`. */
export async function describeRoutes(app: FastifyInstance, version: string): Promise<void> {
  const info = { title: 'Purser', version, description: about, license: { name: 'MIT' } };
  await app.register(swagger, {
    openapi: { openapi: '3.1.0', info, tags, components: { securitySchemes } },
    hideUntagged: false,
    transformObject: (document) => describeOperations(document),
  });
  app.register(async (docs) => {
    sendSerialized(docs);
    await docs.register(swaggerUi, { routePrefix: '/docs', logLevel: 'silent' });
    docs.get('/openapi.json', { schema: { hide: true } }, () => docs.swagger());
  });
}

/** Everybody may ask for the document, which never changes: it is made into bytes once. */
function sendSerialized(docs: FastifyInstance): void {
  let bytes: Buffer | undefined;
  docs.setReplySerializer((payload) => {
    if (payload !== docs.swagger()) return JSON.stringify(payload);
    bytes ??= Buffer.from(JSON.stringify(payload));
    // Fastify sends bytes too; its types know of text alone.
    return bytes as never;
  });
}
