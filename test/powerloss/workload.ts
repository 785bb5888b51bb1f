import { openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { operationOf, USERS } from './operations.js';
import { perform } from './perform.js';

/**
 * The process that is recorded and killed. It opens the wallet, looks at every player, asks for
 * some operations again, and then for new ones without an end. What it is told it notes at once
 * as a mark; how many answers it has it tells its parent, which ends it.
 */
export interface Workload {
  readonly dist: string;
  readonly data: string;
  readonly marks: string;
  readonly seed: number;
  /** The first operation that was never asked for. */
  readonly next: number;
  /** Operations whose answers were lost, or are compared once more. */
  readonly again: readonly number[];
}

/** A note of what the caller knows from now on. */
export type Mark =
  | { readonly kind: 'opened' }
  /** A player had this version. */
  | { readonly kind: 'read'; readonly user: string; readonly version: number }
  | { readonly kind: 'asked'; readonly number: number }
  /** An operation was granted. */
  | { readonly kind: 'answered'; readonly number: number; readonly answer: string };

const LANES = 6;
const work = JSON.parse(process.argv[2] ?? '') as Workload;
const { openWallet } = (await import(
  pathToFileURL(join(work.dist, 'index.js')).href
)) as typeof import('purser');
const marks = openSync(work.marks, 'a');

let next = work.next;
let answered = 0;
let closing = false;

function mark(one: Mark): void {
  writeSync(marks, `${JSON.stringify(one)}\n`);
}

const wallet = await openWallet({ dataDir: work.data, partitions: 2 });
mark({ kind: 'opened' });

async function read(user: string): Promise<void> {
  const player = await wallet.players.get(user);
  if (player !== undefined) mark({ kind: 'read', user, version: player.version });
}

async function ask(number: number): Promise<void> {
  mark({ kind: 'asked', number });
  const answer = await perform(wallet, work.seed, operationOf(work.seed, number));
  if (answer !== undefined) mark({ kind: 'answered', number, answer });
  answered += 1;
  process.send?.(answered);
}

async function lane(): Promise<void> {
  while (!closing) await ask(next++);
}

process.once('disconnect', () => process.exit());
process.once('message', () => {
  closing = true;
});
await Promise.all(USERS.map(read));
await Promise.all(work.again.map(ask));
await wallet.createUsers([...USERS]);
await Promise.all(USERS.map(read));
await Promise.all(Array.from({ length: LANES }, lane));
await wallet.close();
process.exit();
