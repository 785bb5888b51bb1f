import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { mutate, projectRoot } from '../support/mutant.js';
import { Judges } from './judges.js';
import { Random } from './random.js';
import { type Fault, rebuild, type Tally } from './rebuild.js';
import { compileRecorder } from './recorder.js';
import { marksOf, record } from './run.js';
import { SMALL, VARIANTS } from './variants.js';

/**
 * Power loss. Records what a wallet writes and syncs while it is killed and started again, then
 * rebuilds its directory as a power cut at many moments may leave it: all that was synced, and any
 * part of the other 512-byte sectors. Each rebuild must open, verify, and have all that was
 * answered before the cut.
 */
const { values } = parseArgs({
  options: {
    rebuilds: { type: 'string', default: '10000' },
    runs: { type: 'string' },
    seed: { type: 'string', default: `${Date.now() % 1_000_000}` },
    options: { type: 'string', default: 'own' },
    faults: { type: 'string', default: '3' },
    images: { type: 'string', default: existsSync('/dev/shm') ? '/dev/shm' : tmpdir() },
    help: { type: 'boolean', default: false },
  },
});
const names = Object.keys(VARIANTS).join(' | ');
const usage =
  'npm run powerloss -- [--rebuilds 10000] [--runs N] [--seed N] [--faults 3] [--images DIR]\n' +
  `                     [--options ${names}]\n\n` +
  'The seed says what is asked for and which sectors are lost; what a run interleaves is chance.';
const mutations = VARIANTS[values.options];
if (values.help || mutations === undefined) {
  console.log(usage);
  process.exit(values.help ? 0 : 2);
}
const rebuilds = Number(values.rebuilds);
const runs = Number(values.runs ?? Math.max(1, Math.min(20, Math.round(rebuilds / 500))));
const seed = Number(values.seed);
const enough = Number(values.faults);

const scratch = mkdtempSync(join(tmpdir(), 'purser-powerloss-'));
const recorder = compileRecorder(projectRoot(import.meta.url), scratch);
if ('missing' in recorder) {
  console.log(`skipped: ${recorder.missing}`);
  rmSync(scratch, { recursive: true });
  process.exit(0);
}
const images = mkdtempSync(join(values.images, 'purser-powerloss-'));
const mutant = mutate(projectRoot(import.meta.url), ...SMALL, ...mutations);
// After a power cut the machine has another boot id.
const bootId = join(scratch, 'boot-id');
writeFileSync(bootId, '01234567-89ab-4cde-8f01-23456789abcd\n');
const judges = new Judges(mutant.dist, Math.min(2, availableParallelism()), {
  LD_PRELOAD: recorder.path,
  POWERLOSS_BOOT_ID: bootId,
});
/** The recorded directory itself is read as it was: the machine was never off. */
const reader = new Judges(mutant.dist, 1, {});
const random = new Random(seed);
const tally: Tally = {
  rebuilds: 0,
  served: 0,
  checkpointsAside: 0,
  writes: 0,
  syncs: 0,
  sectors: 0,
  faults: [],
};
const recorded = { runs: 0, kills: 0, answers: 0, frames: 0 };

async function oneRun(number: number): Promise<void> {
  const directory = join(scratch, `run-${number}`);
  mkdirSync(directory);
  const delay = random.pick([300, 2_000, 8_000]);
  const plan = { dist: mutant.dist, recorder: recorderPath(), scratch: directory, delay };
  const run = await record({ ...plan, seed: seed + number, lives: 6 }, random);
  const data = join(run.base, 'data');
  const asked = await reader.ask({ kind: 'reference', data });
  if ('ended' in asked || asked.reference === undefined) {
    throw new Error(`the journals of run ${number} cannot be read: ${JSON.stringify(asked)}`);
  }
  const { reference } = asked;
  recorded.runs += 1;
  recorded.kills += run.lives.filter(({ killed }) => killed).length;
  recorded.frames += reference.reduce((sum, { hashes }) => sum + hashes.length, 0);
  const marks = run.lives.flatMap(({ notes }) => marksOf(notes));
  recorded.answers += marks.filter(({ kind }) => kind === 'answered').length;
  const share = Math.floor(rebuilds / runs) + (number < rebuilds % runs ? 1 : 0);
  const cuts = { run: number, recorded: run, reference, rebuilds: share, seed: seed + number };
  await rebuild({ ...cuts, images, judges, enough }, tally);
  if (tally.faults.length === 0) rmSync(directory, { recursive: true });
}

function recorderPath(): string {
  if ('missing' in recorder) throw new Error(recorder.missing);
  return recorder.path;
}

function say(fault: Fault): void {
  const { run, step, steps, subset, words, image } = fault;
  console.log(
    `FAULT run ${run}, power cut after step ${step} of ${steps}, of what was unsynced: ${subset} ` +
      `(seed ${fault.seed})\n      ${words}\n      kept: ${image}`,
  );
}

const began = performance.now();
try {
  for (let number = 0; number < runs && tally.faults.length < enough; number++) {
    await oneRun(number);
    if (process.stderr.isTTY) process.stderr.write(`\r${tally.rebuilds} rebuilds `);
  }
} finally {
  judges.end();
  reader.end();
  mutant.remove();
  if (tally.faults.length === 0) {
    rmSync(images, { recursive: true });
    rmSync(scratch, { recursive: true });
  }
}
for (const fault of tally.faults) say(fault);
const { runs: done, kills, answers, frames } = recorded;
const { writes, syncs, sectors, served, checkpointsAside } = tally;
console.log(
  `options ${values.options}, seed ${seed}: ${done} runs, ${kills} kills, ${answers} answers, ${frames} frames, ` +
    `${writes} writes of ${sectors} sectors, ${syncs} syncs; ${tally.rebuilds} rebuilds, ` +
    `${served} of them served, ${checkpointsAside} checkpoints set aside; ` +
    `${tally.faults.length} faults in ${((performance.now() - began) / 1000).toFixed(0)} s`,
);
if (tally.firstFault !== undefined) {
  console.log(`the first fault was in rebuild ${tally.firstFault}; the recording: ${scratch}`);
}
process.exitCode = tally.faults.length === 0 ? 0 : 1;
