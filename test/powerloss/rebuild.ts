import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { Disk } from './disk.js';
import { type Moments, momentsOf, stepsOf, take } from './history.js';
import { writeImage } from './image.js';
import type { Judged, Judges } from './judges.js';
import { Known } from './known.js';
import { Random } from './random.js';
import type { Reference } from './reference.js';
import type { Run } from './run.js';
import { chooseSubset } from './subset.js';

/** What a power cut took, or why the directory could not be served. */
export interface Fault {
  readonly run: number;
  /** The power is cut after so many steps of the recording. */
  readonly step: number;
  readonly steps: number;
  /** Seeds the choice of sectors. */
  readonly seed: number;
  readonly subset: string;
  readonly words: string;
  /** Where the directory is kept. */
  readonly image: string;
}

export interface Tally {
  rebuilds: number;
  /** Of these, opened by a whole start, asked again and audited. */
  served: number;
  checkpointsAside: number;
  writes: number;
  syncs: number;
  sectors: number;
  readonly faults: Fault[];
  /** How many rebuilds there had been at the first fault. */
  firstFault?: number;
}

export interface RebuildPlan {
  readonly run: number;
  readonly recorded: Run;
  readonly reference: Reference;
  readonly rebuilds: number;
  readonly seed: number;
  /** Where images are made, best in memory, and where those with a fault are kept. */
  readonly images: string;
  readonly judges: Judges;
  /** No more rebuilds after so many faults. */
  readonly enough: number;
}

const SERVED_EVERY = 20;
const AT_ONCE = 4;

/** Rebuilds the directory of a run as power cuts at many moments leave it, and judges each. */
export async function rebuild(plan: RebuildPlan, tally: Tally): Promise<void> {
  const steps = stepsOf(plan.recorded);
  const cuts = chooseCuts(momentsOf(steps), new Random(plan.seed), plan.rebuilds);
  const disk = new Disk(plan.recorded.base);
  const known = new Known(plan.recorded.seed, plan.reference);
  const judging = new Set<Promise<void>>();
  for (const [at, step] of steps.entries()) {
    if (tally.faults.length >= plan.enough) break;
    take(disk, at, step);
    known.take(step);
    for (const cut of cuts.get(at) ?? []) {
      const one = new Rebuild(plan, { cut, step: at, steps: steps.length }, disk, known);
      const judged = one.judge(tally).finally(() => judging.delete(judged));
      judging.add(judged);
      if (judging.size >= AT_ONCE) await Promise.race(judging);
    }
  }
  await Promise.all(judging);
  for (const kind of ['writes', 'syncs', 'sectors'] as const) tally[kind] += disk.counts[kind];
}

/** Numbers of rebuilds by the step after which they cut the power. */
function chooseCuts(moments: Moments, random: Random, count: number): Map<number, number[]> {
  const { any, atSyncs, atMarks, atFinds, atStarts } = moments;
  const kinds = [any, atSyncs, atSyncs, atMarks, atFinds, atFinds, atStarts];
  const cuts = new Map<number, number[]>();
  for (let number = 0; number < count; number++) {
    const from = random.pick(kinds);
    const step = random.pick(from.length > 0 ? from : moments.any);
    cuts.set(step, [...(cuts.get(step) ?? []), number]);
  }
  return cuts;
}

interface Cut {
  readonly cut: number;
  readonly step: number;
  readonly steps: number;
}

class Rebuild {
  readonly #plan: RebuildPlan;
  readonly #cut: Cut;
  readonly #random: Random;
  readonly #subset: string;
  readonly #image: string;
  readonly #toServe: string | undefined;
  readonly #known: Pick<Known, 'opened' | 'required' | 'reads' | 'answers'>;

  /** The image is made now: the disk goes on. */
  constructor(plan: RebuildPlan, cut: Cut, disk: Disk, known: Known) {
    const { opened, required, reads, answers } = known;
    this.#plan = plan;
    this.#cut = cut;
    this.#random = new Random(plan.seed * 31 + cut.cut);
    this.#known = { opened, required, reads, answers: sample(answers, this.#random) };
    this.#image = join(plan.images, `${plan.run}-${cut.cut}`);
    // Before the first answer there is nothing to look for: it must open, and no more.
    const serves = !opened || cut.cut % SERVED_EVERY === 0;
    this.#toServe = serves ? `${this.#image}-served` : undefined;
    const subset = chooseSubset(this.#random);
    this.#subset = subset.name;
    writeImage(disk.root, subset, [this.#image, ...(serves ? [`${this.#image}-served`] : [])]);
  }

  async judge(tally: Tally): Promise<void> {
    const words = (await this.#looked()) ?? (await this.#served(tally));
    tally.rebuilds += 1;
    if (this.#toServe !== undefined) rmSync(this.#toServe, { recursive: true, force: true });
    if (words === undefined) rmSync(this.#image, { recursive: true, force: true });
    else this.#keep(words, tally);
  }

  #keep(words: string, tally: Tally): void {
    const { plan, cut } = { plan: this.#plan, cut: this.#cut };
    tally.firstFault ??= tally.rebuilds;
    const place = {
      run: plan.run,
      step: cut.step,
      steps: cut.steps,
      seed: plan.seed * 31 + cut.cut,
    };
    tally.faults.push({ ...place, subset: this.#subset, words, image: this.#image });
  }

  async #looked(): Promise<string | undefined> {
    if (!this.#known.opened) return undefined;
    const question = { kind: 'look', data: join(this.#image, 'data') } as const;
    const { required } = this.#known;
    const { judges } = this.#plan;
    const first = await judges.ask({ ...question, required, withoutCheckpoints: false });
    if (!('ended' in first)) return first.fault;
    return wordsOf(await judges.ask({ ...question, required, withoutCheckpoints: true }));
  }

  async #served(tally: Tally): Promise<string | undefined> {
    if (this.#toServe === undefined) return undefined;
    const data = join(this.#toServe, 'data');
    const { reads, answers } = this.#known;
    const question = {
      kind: 'serve',
      data,
      seed: this.#plan.recorded.seed,
      reads,
      answers,
    } as const;
    const judged = await this.#plan.judges.ask(question);
    tally.served += 1;
    if ('warnings' in judged) tally.checkpointsAside += judged.warnings;
    return wordsOf(judged);
  }
}

function wordsOf(judged: Judged): string | undefined {
  return 'ended' in judged ? `it ended the process ${judged.ended}` : judged.fault;
}

/** The last ones, and some of those before. */
function sample<T>(list: readonly T[], random: Random): T[] {
  const last = list.slice(-30);
  return list.length <= 30
    ? last
    : [...Array.from({ length: 20 }, () => random.pick(list)), ...last];
}
