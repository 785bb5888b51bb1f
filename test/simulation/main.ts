import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { mutate, projectRoot } from '../support/mutant.js';
import { load, type Modules } from './house.js';
import { type Fault, mutations } from './mutations.js';
import { type Script, script } from './script.js';
import { shrink, tell } from './shrink.js';
import { play } from './simulation.js';

const HELP = `npm run simulate -- [--seeds 1000] [--from 1] [--ops 50]   many histories
npm run simulate -- --seed N                               one, told when it fails
npm run simulate -- --every-step [--seeds 3]               a crash after each event of a history
npm run simulate -- --mutations [--seeds 300] [--only X]   faults that must be found; those named so`;

const { values } = parseArgs({
  options: {
    seeds: { type: 'string' },
    from: { type: 'string', default: '1' },
    ops: { type: 'string', default: '50' },
    seed: { type: 'string' },
    'every-step': { type: 'boolean', default: false },
    mutations: { type: 'boolean', default: false },
    only: { type: 'string', default: '' },
    help: { type: 'boolean', default: false },
  },
});
const root = projectRoot(import.meta.url);
// A warning of each checkpoint that a history damages would bury what is told.
process.removeAllListeners('warning');
const from = Number(values.from);
const ops = Number(values.ops);

if (values.help) console.log(HELP);
else if (values.mutations) await findMutations(Number(values.seeds ?? 300));
else {
  const modules = await load(join(root, 'dist'));
  if (values.seed !== undefined) await many(modules, [script(Number(values.seed), ops)]);
  else if (values['every-step']) await everyStep(modules, Number(values.seeds ?? 3));
  else await many(modules, seeds(Number(values.seeds ?? 1000)));
}
// A mutant may leave behind what would keep the process alive.
process.exit();

function* seeds(count: number): Generator<Script> {
  for (let seed = from; seed < from + count; seed++) yield script(seed, ops);
}

function newTally() {
  return { histories: 0, events: 0, crashes: 0, requests: 0, tornFrames: 0, tornValues: 0 };
}

/** Plays histories up to the first that fails, which is then shortened and told. */
async function many(
  modules: Modules,
  scripts: Iterable<Script>,
  tally = newTally(),
): Promise<number> {
  for (const one of scripts) {
    const verdict = await play(modules, one);
    tally.histories += 1;
    tally.events += verdict.steps;
    tally.crashes += verdict.crashes;
    tally.requests += verdict.attempts;
    tally.tornFrames += verdict.tornFrames;
    tally.tornValues += verdict.tornValues;
    if (verdict.faults.length > 0) {
      await failed(modules, one);
      break;
    }
    progress(tally.histories);
  }
  if (process.exitCode !== 1) {
    const { histories, requests, events, crashes, tornFrames, tornValues } = tally;
    console.log(
      `${histories} histories, ${requests} requests, ${events} events, ${crashes} crashes, ` +
        `${tornFrames} torn frames, ${tornValues} torn values of checkpoints`,
    );
    console.log('nothing lost, nothing twice');
  }
  return tally.events;
}

async function failed(modules: Modules, one: Script): Promise<void> {
  console.log(`FAILED: seed ${one.seed}, ${one.ops.length} operations; it is shortened …`);
  const { script: short, verdict } = await shrink(modules, one);
  console.log(`seed ${one.seed}: ${tell(short, verdict)}`);
  console.log(`again: npm run simulate -- --seed ${one.seed} --ops ${ops}`);
  process.exitCode = 1;
}

/** For each history: one crash after each of its events in turn. */
async function everyStep(modules: Modules, count: number): Promise<void> {
  const tally = newTally();
  function* all(): Generator<Script> {
    for (let seed = from; seed < from + count; seed++) {
      const short = { ...script(seed, 12), mishaps: [] };
      // A history without its crash had no more events; so has every later one.
      for (let step = 0, before = -1; tally.crashes > before; step++) {
        before = tally.crashes;
        yield { ...short, mishaps: [{ step, what: 'crash', partition: 0 }] };
      }
    }
  }
  await many(modules, all(), tally);
}

/** Each mutation must make some history fail. */
async function findMutations(limit: number): Promise<void> {
  let found = 0;
  const chosen = mutations.filter(({ name }) => name.includes(values.only));
  for (const mutation of chosen) {
    const mutant = mutate(root, mutation);
    const seed = await firstFailing(await load(mutant.dist), mutation, limit);
    mutant.remove();
    if (seed !== undefined) found += 1;
    else process.exitCode = 1;
    const words = seed === undefined ? `NOT FOUND in ${limit} seeds` : `found by seed ${seed.what}`;
    console.log(`${mutation.name}: ${words}`);
  }
  console.log(`${found} of ${chosen.length} found`);
}

async function firstFailing(
  modules: Modules,
  { seed: known }: Fault,
  limit: number,
): Promise<{ what: string } | undefined> {
  function* all(): Generator<Script> {
    if (known !== undefined) yield script(known, ops);
    yield* seeds(limit);
  }
  for (const one of all()) {
    const { faults } = await play(modules, one);
    if (faults.length > 0) return { what: `${one.seed}: ${faults[0]?.split('\n')[0]}` };
  }
  return undefined;
}

function progress(done: number): void {
  if (process.stderr.isTTY && done % 20 === 0) process.stderr.write(`\r${done} `);
}
