import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { mutate, projectRoot } from '../support/mutant.js';
import type { Outcome } from './damage.js';
import { end, purser, type Served, start } from './server.js';
import { SMALL_MAP } from './small-map.js';

const root = projectRoot(import.meta.url);
const PATIENCE_MS = 30_000;

/** Something that a disk runs into while a server writes to it. */
interface Limit {
  readonly what: string;
  /** Where the data directory is; undefined when this cannot be tried here. */
  place(scratch: string): string | undefined;
  start(data: string): Promise<Served | string>;
  impose(data: string): void;
  relieve(data: string): void;
  clean(scratch: string): void;
}

const onOwnFileSystem = {
  place: (scratch: string): string | undefined => {
    const mount = join(scratch, 'small');
    mkdirSync(mount, { recursive: true });
    const options = ['-t', 'tmpfs', '-o', 'size=300m', 'tmpfs', mount];
    return spawnSync('mount', options).status === 0 ? join(mount, 'data') : undefined;
  },
  clean: (scratch: string): void => void spawnSync('umount', ['-l', join(scratch, 'small')]),
};
const onTheSame = {
  place: (scratch: string): string => join(scratch, 'limited'),
  clean: (scratch: string): void => {
    rmSync(join(scratch, 'limited'), { recursive: true, force: true });
  },
};
const nothing = (): void => {};

const limits: readonly Limit[] = [
  {
    ...onOwnFileSystem,
    what: 'a full disk',
    start: (data) => start(data),
    // Less than the reserve is left now.
    impose: (data) => writeFileSync(join(data, '../ballast'), Buffer.alloc(60 * 1024 * 1024)),
    relieve: (data) => rmSync(join(data, '../ballast')),
  },
  {
    ...onTheSame,
    what: 'a limit on the size of files (ulimit -f)',
    start: (data) => start(data, ['bash', '-c', 'ulimit -f 2048; exec "$@"', 'bash']),
    impose: nothing,
    relieve: nothing,
  },
  {
    ...onTheSame,
    what: 'a journal as large as its map',
    start: async (data) => {
      const mutant = mutate(root, ...SMALL_MAP);
      const served = await start(data, [], join(mutant.dist, 'main.js'));
      if (typeof served !== 'string') served.child.once('exit', () => mutant.remove());
      return served;
    },
    impose: nothing,
    relieve: nothing,
  },
];

function remount(data: string, mode: 'ro' | 'rw'): void {
  const { status, stderr } = spawnSync('mount', ['-o', `remount,${mode}`, join(data, '..')]);
  if (status !== 0) throw new Error(`cannot remount: ${stderr}`);
}

/** Lets a server run into every limit: it must say so, and lose nothing. */
export async function limit(scratch: string): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  outcomes.push(await readOnly(scratch));
  for (const one of limits) {
    const data = one.place(scratch);
    const { what } = one;
    if (data === undefined) {
      outcomes.push({ what, how: 'survived', words: 'not tried: nothing can be mounted here' });
      continue;
    }
    try {
      outcomes.push(await press(one, data));
    } finally {
      one.clean(scratch);
    }
  }
  return outcomes;
}

interface Bet {
  readonly body: string;
  readonly answer: string;
}

/** A data directory that cannot be written to is not served, and lacks nothing later. */
async function readOnly(scratch: string): Promise<Outcome> {
  const what = 'a data directory on a read-only file system';
  const data = onOwnFileSystem.place(scratch);
  if (data === undefined) return { what, how: 'survived', words: 'not tried: nothing mounts here' };
  try {
    const served = await start(data);
    if (typeof served === 'string') return { what, how: 'FAILED', words: served };
    await post(served, '/v1/players', { player_id: 'p', initial_balance: 1_000_000_000 });
    const { bets } = await betUntilRefused(served, 20);
    await end(served, 'SIGKILL');
    remount(data, 'ro');
    const refusal = await start(data);
    if (typeof refusal !== 'string') await end(refusal, 'SIGKILL');
    remount(data, 'rw');
    const again = await start(data);
    if (typeof again === 'string') return { what, how: 'FAILED', words: again };
    const wrong = await unlike(again, bets);
    await end(again, 'SIGTERM');
    if (wrong !== undefined) return { what, how: 'FAILED', words: wrong };
    if (typeof refusal !== 'string') return { what, how: 'FAILED', words: 'it was served' };
    return { what, how: 'refused', words: refusal.split('\n')[0]?.replaceAll(data, 'DIR') ?? '' };
  } finally {
    onOwnFileSystem.clean(scratch);
  }
}

async function press(one: Limit, data: string): Promise<Outcome> {
  const { what } = one;
  const served = await one.start(data);
  if (typeof served === 'string') return { what, how: 'FAILED', words: served };
  await post(served, '/v1/players', { player_id: 'p', initial_balance: 1_000_000_000 });
  const before = await betUntilRefused(served, 20);
  one.impose(data);
  const during = await betUntilRefused(served, 1_000_000);
  one.relieve(data);
  await end(served, 'SIGKILL');
  const again = await start(data);
  if (typeof again === 'string') return { what, how: 'FAILED', words: `then: ${again}` };
  const wrong = await unlike(again, [...before.bets, ...during.bets]);
  const after = await betUntilRefused(again, 20);
  await end(again, 'SIGTERM');
  const verified = purser('verify', '--data', data);
  const code = /"code":"(\w+)"/.exec(during.refusal)?.[1] ?? during.refusal;
  const words = `${during.bets.length} bets, then ${code}`;
  if (wrong !== undefined) return { what, how: 'FAILED', words: wrong };
  if (verified.code !== 0) return { what, how: 'FAILED', words: verified.said };
  if (after.bets.length < 20) return { what, how: 'FAILED', words: `afterwards: ${after.refusal}` };
  return { what, how: 'refused', words };
}

/** Bets one after another; resolves with what was acknowledged, and what ended it. */
async function betUntilRefused(
  served: Served,
  most: number,
): Promise<{ readonly bets: readonly Bet[]; readonly refusal: string }> {
  const bets: Bet[] = [];
  const until = Date.now() + PATIENCE_MS;
  // Long, so that files grow fast.
  const meta = { note: 'x'.repeat(20_000) };
  while (bets.length < most && Date.now() < until) {
    const uuid = randomUUID();
    const ids = { transaction_uuid: uuid, request_uuid: uuid };
    const body = { user: 'p', currency: 'USD', amount: 1, ...ids, meta };
    const answer = await post(served, '/transaction/bet', body);
    if (!answer.includes('RS_OK')) return { bets, refusal: answer };
    bets.push({ body: JSON.stringify(body), answer });
  }
  return { bets, refusal: 'nothing refused it' };
}

/** The first bet whose answer is another now. */
async function unlike(served: Served, bets: readonly Bet[]): Promise<string | undefined> {
  for (const { body, answer } of bets) {
    const again = await post(served, '/transaction/bet', JSON.parse(body));
    if (again !== answer) return `${answer} is now ${again}`;
  }
  return undefined;
}

/** Status and body, or why there was none. */
async function post({ port }: Served, path: string, body: unknown): Promise<string> {
  const headers = { 'content-type': 'application/json' };
  const sent = { method: 'POST', headers, body: JSON.stringify(body) };
  for (let attempt = 0; ; attempt++) {
    try {
      const response = await fetch(`http://127.0.0.1:${port}${path}`, sent);
      const text = `${response.status} ${await response.text()}`;
      // A thread comes back soon; whoever refuses for good says so for longer.
      if (!text.includes('"unavailable"') || attempt === 20) return text;
    } catch (error) {
      return `no answer: ${(error as Error).cause ?? (error as Error).message}`;
    }
    await wait(100);
  }
}
