import { randomUUID } from 'node:crypto';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import type { Loaded } from '../load/program.js';
import { users } from './mix.js';

/** `limits.recent_frames_bytes`: until a journal is longer, it is in memory as a whole. */
const RECENT_FRAMES_BYTES = 64 * 1024 * 1024;
const OPERATIONS = 4_000;

/** Bets until every partition's memory of recent frames is full; how many they were. */
export async function fillRecentFrames(loaded: Loaded, partitions: number): Promise<number> {
  let bets = 0;
  while (shortest(loaded.data, partitions) < RECENT_FRAMES_BYTES * 1.2) {
    await bet(loaded.server.url);
    bets += OPERATIONS;
  }
  return bets;
}

function shortest(data: string, partitions: number): number {
  const sizes = Array.from({ length: partitions }, (_, partition) => {
    return statSync(join(data, `partition-${partition}/journal/data.mdb`)).size;
  });
  return Math.min(...sizes);
}

async function bet(url: string): Promise<void> {
  const operations = Array.from({ length: OPERATIONS }, (_, i) => ({
    op: 'bet',
    user: users[i % users.length],
    currency: 'USD',
    amount: 1,
    transaction_uuid: randomUUID(),
    request_uuid: randomUUID(),
  }));
  const headers = { 'content-type': 'application/json' };
  const body = JSON.stringify(operations);
  const response = await fetch(`${url}/transactions`, { method: 'POST', headers, body });
  if (response.status !== 200) throw new Error(await response.text());
  await response.arrayBuffer();
}
