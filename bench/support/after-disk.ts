import type { FastifyInstance } from 'fastify';
import { open } from 'lmdb';

/** Somewhat more than a bet takes on the disk, indexes and all (`bench:scale`). */
const ENTRY_BYTES = 200;

/**
 * Lets an echo answer only after LMDB has put one small value of each request on the disk, many in one
 * commit: the least that a durable server on this stack does. It keeps no balances and knows no retries.
 */
export function answerAfterDisk(app: FastifyInstance, directory: string): void {
  const db = open<Buffer, number>({
    path: directory,
    keyEncoding: 'uint32',
    encoding: 'binary',
    overlappingSync: false,
    cache: false,
  });
  let last = 0;
  app.addHook('preHandler', async () => {
    last += 1;
    await db.put(last, Buffer.alloc(ENTRY_BYTES, last));
  });
  app.addHook('onClose', () => db.close());
}
