import type { FastifyInstance } from 'fastify';
import type { Wallet } from '../../engine/wallet.js';
import { addOperation, type Doors, plain } from '../operation.js';
import { examples } from '../schemas/examples.js';
import * as schemas from '../schemas/payments.js';

const shared = {
  unversioned: true,
  method: 'GET',
  tag: 'Treasury',
  access: { scope: 'admin' },
} as const;

/** The system accounts, and the audit of everything. */
export function treasuryRoutes(app: FastifyInstance, doors: Doors, wallet: Wallet): void {
  addOperation(
    app,
    doors,
    {
      ...shared,
      url: '/v1/treasury',
      id: 'getTreasury',
      summary: 'System accounts, all players together, and their sum: 0',
      description: 'Exact beyond 2^53, so amounts are decimal text.',
      answers: { 200: schemas.treasury },
      examples: { 200: examples.treasury },
    },
    async () => {
      const { accounts, total } = await wallet.books();
      const texts = Object.entries(accounts).map(([name, value]) => [name, value.toString()]);
      return plain({ accounts: Object.fromEntries(texts), total: total.toString() });
    },
  );
  addOperation(
    app,
    doors,
    {
      ...shared,
      url: '/v1/audit',
      id: 'audit',
      summary: 'Checks every invariant over the whole journal, at one position',
      description:
        'Checksums, hash chain, double entry, running balances, orders and entitlements, money in ' +
        'transit. Takes as long as reading the journal does; the wallet goes on meanwhile.',
      answers: { 200: schemas.audit },
      examples: { 200: examples.audit },
    },
    async () => plain(await wallet.audit()),
  );
}
