import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import * as fc from 'fast-check';
import { type Damage, damaged, damages, part } from './damage.js';
import { difference, type Told, tell } from './ledger.js';
import { type Plan, search, type Tried, together } from './search.js';
import { end, purser, type Ran, start } from './server.js';
import { chained, readStore, type StoreName, sealed, type Value, writeStore } from './store.js';
import { World } from './world.js';

/** What is done to one stored value. */
interface Harm {
  readonly partition: number;
  /** Which value, as a part of all. */
  readonly at: number;
  readonly damage: readonly Damage[];
  /** The bytes of another value of this store come in its place first. */
  readonly swap: number | undefined;
  /** Whether the checksum is made to fit, and all hashes too. */
  readonly seal: 'no' | 'checksum' | 'chain';
  readonly withCheckpoint: boolean;
}

/** Journal frames and checkpoint values, damaged where LMDB keeps them. */
export async function stored(scratch: string, { seed, runs }: Plan): Promise<Tried> {
  const original = join(scratch, 'data');
  await traffic(original);
  const intact = join(scratch, 'intact');
  cpSync(original, intact, { recursive: true });
  const target = { scratch, original, right: await tell(intact) };
  const frames = (harm: Harm) => faultOf(target, 'journal', harm);
  const values = (harm: Harm) => faultOf(target, 'checkpoint', harm);
  const harmless = {
    seal: fc.constant('no' as const),
    withCheckpoint: fc.constant(true),
    swap: frameHarms.swap,
  };
  return await together([
    () => search('journal frames', harms(frameHarms), { seed, runs }, frames, JSON.stringify),
    () =>
      search(
        'checkpoint values',
        harms(harmless),
        { seed, runs: Math.ceil(runs / 2) },
        values,
        JSON.stringify,
      ),
  ]);
}

/** Requests of all kinds: some of them in a checkpoint, some behind it, as a kill leaves them. */
async function traffic(data: string): Promise<void> {
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    const served = await start(data);
    await new World(served.url).fill();
    await end(served, signal);
  }
}

const eights = fc.array(fc.constantFrom(0, 1, 0x7f, 0x80, 0xff), { minLength: 8, maxLength: 8 });
const strange = fc.oneof(
  eights.map((bytes) => new Uint8Array(bytes)),
  fc.constantFrom(8, 80, 256, 4_096).map((length) => new Uint8Array(length)),
  fc.uint8Array({ minLength: 1, maxLength: 16 }),
);

const frameHarms = {
  seal: fc.constantFrom('no' as const, 'checksum' as const, 'chain' as const, 'chain' as const),
  withCheckpoint: fc.boolean(),
  swap: fc.option(part, { freq: 6, nil: undefined }),
};

function harms(more: {
  readonly seal: fc.Arbitrary<Harm['seal']>;
  readonly withCheckpoint: fc.Arbitrary<boolean>;
  readonly swap: fc.Arbitrary<number | undefined>;
}): fc.Arbitrary<Harm> {
  return fc.record({
    partition: fc.nat(1),
    at: part,
    damage: fc.array(damages(strange), { maxLength: 3 }),
    ...more,
  });
}

interface Target {
  readonly scratch: string;
  readonly original: string;
  /** What the undamaged directory says. */
  readonly right: Told;
}

/** What was done, as far as it decides what may come of it. */
type Done = 'nothing' | 'damaged' | 'forged';

async function inflict(copy: string, store: StoreName, harm: Harm): Promise<Done> {
  const { partition, seal, swap } = harm;
  if (!harm.withCheckpoint) {
    rmSync(join(copy, `partition-${partition}`, 'checkpoint'), { recursive: true, force: true });
  }
  const all = await readStore(copy, partition, store);
  const index = Math.floor(harm.at * all.length);
  const { key, bytes: intact } = all[index] as Value;
  const other = swap === undefined ? intact : (all[Math.floor(swap * all.length)] as Value).bytes;
  const hurt = damaged(other, harm.damage);
  const bytes = seal === 'no' ? hurt : sealed(hurt);
  if (bytes.equals(intact)) return 'nothing';
  const behind = seal === 'chain' ? chained(bytes, all.slice(index + 1)) : [];
  await writeStore(copy, partition, store, [{ key, bytes }, ...behind]);
  // What nothing in the journal comes after, or all of what comes after it, can be forged.
  return seal === 'chain' || (seal === 'checksum' && index === all.length - 1)
    ? 'forged'
    : 'damaged';
}

async function faultOf(target: Target, store: StoreName, harm: Harm): Promise<string | undefined> {
  // Names of their own: LMDB knows the files that a process has open by their paths.
  const copy = mkdtempSync(join(target.scratch, 'copy-'));
  const other = `${copy}-verified`;
  cpSync(target.original, copy, { recursive: true });
  try {
    const done = await inflict(copy, store, harm);
    cpSync(copy, other, { recursive: true });
    const [verified, opened] = await Promise.all([purser('verify', '--data', other), open(copy)]);
    return judge(target.right, store, done, verified, opened);
  } finally {
    for (const directory of [copy, other]) rmSync(directory, { recursive: true, force: true });
  }
}

function judge(
  right: Told,
  store: StoreName,
  done: Done,
  verified: Ran,
  opened: Told | string,
): string | undefined {
  const isTold = verified.code !== 0;
  if (isTold && !isClear(verified)) return `verify ended with ${verified.code}: ${verified.err}`;
  if (isTold && done === 'nothing') return `verify refuses what is intact: ${verified.err}`;
  if (!isTold && done === 'damaged' && store === 'journal') return 'verify passes over it';
  if (typeof opened === 'string') {
    if (!isTold) return `verify passes, but it does not open: ${opened}`;
    return place.test(opened) && !opened.includes('\n')
      ? undefined
      : `refused without a place: ${opened}`;
  }
  if (done === 'forged') return undefined;
  const { wrong, unsaid } = difference(right, opened);
  if (wrong !== undefined) return `it serves what is wrong: ${wrong}`;
  // The journal has what a checkpoint had.
  const mayBeUnsaid = isTold && store === 'journal';
  return unsaid === undefined || mayBeUnsaid ? undefined : `it does not say ${unsaid}`;
}

const place = /partition[- ]\d/;

/** One line with a place. */
function isClear({ code, err }: Ran): boolean {
  return code === 1 && /^purser: fault: partition \d[^\n]*\n$/.test(err);
}

const OPEN_MS = 60_000;

/** What it says when it is open, or why it does not open. */
async function open(data: string): Promise<Told | string> {
  const late = wait(OPEN_MS, `it hangs: no answer for ${OPEN_MS} ms`, { ref: false });
  try {
    return await Promise.race([tell(data), late]);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
