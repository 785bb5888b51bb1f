import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Random } from './random.js';
import { type Note, readRecording } from './recording.js';
import type { Mark, Workload } from './workload.js';

const WORKLOAD = fileURLToPath(new URL('./workload.js', import.meta.url));

/** What a run was told to be. */
export interface RunPlan {
  readonly dist: string;
  readonly recorder: string;
  /** A directory of its own on a real disk. */
  readonly scratch: string;
  readonly seed: number;
  readonly lives: number;
  /** Every sync takes up to so much longer, microseconds. */
  readonly delay: number;
}

/** One process of a run, with the files as it left them. */
export interface Life {
  readonly notes: readonly Note[];
  readonly files: string;
  readonly killed: boolean;
}

export interface Run {
  readonly seed: number;
  /** The directory that was recorded; the data directory is `data` below it. */
  readonly base: string;
  readonly lives: readonly Life[];
}

/** Lets processes work on one directory, one after the other, and ends each at a random moment. */
export async function record(plan: RunPlan, random: Random): Promise<Run> {
  const base = join(plan.scratch, 'base');
  mkdirSync(base, { recursive: true });
  const lives: Life[] = [];
  const asked: number[] = [];
  for (let number = 0; number < plan.lives; number++) {
    const again = asked.splice(0).slice(-40);
    const next = 1 + Math.max(0, ...again);
    const life = await live(plan, { base, number, next, again }, random);
    lives.push(life);
    const numbers = marksOf(life.notes).flatMap((mark) => {
      return mark.kind === 'asked' ? [mark.number] : [];
    });
    asked.push(...(numbers.length > 0 ? numbers : again));
  }
  return { seed: plan.seed, base, lives };
}

interface LifePlan {
  readonly base: string;
  readonly number: number;
  readonly next: number;
  readonly again: readonly number[];
}

async function live(plan: RunPlan, one: LifePlan, random: Random): Promise<Life> {
  const log = join(plan.scratch, `log-${one.number}`);
  const child = start(plan, one, log);
  const ended = once(child, 'exit');
  // One life in four ends as an operator ends it, one in eight while it opens.
  const closes = one.number % 4 === 2;
  const early = one.number % 4 === 1 && random.chance(0.5);
  const moment = early ? wait(100 + random.below(500)) : answered(child, 40 + random.below(220));
  await Promise.race([ended, moment]);
  await wait(random.below(12));
  if (closes) child.send('close');
  else child.kill('SIGKILL');
  const [code, signal] = (await ended) as [number | null, string | null];
  const files = join(plan.scratch, `files-${one.number}`);
  cpSync(one.base, files, { recursive: true });
  const killed = signal === 'SIGKILL';
  if (!killed && code !== 0) throw new Error(`the recorded process ended with ${code ?? signal}`);
  return { notes: readRecording(log), files, killed };
}

/** Resolves when the process has so many answers. */
function answered(child: ChildProcess, count: number): Promise<void> {
  return new Promise((resolve) => {
    child.on('message', (answers: number) => {
      if (answers >= count) resolve();
    });
  });
}

function start(plan: RunPlan, { base, next, again }: LifePlan, log: string): ChildProcess {
  const marks = join(plan.scratch, 'marks');
  const data = join(base, 'data');
  const work: Workload = { dist: plan.dist, data, marks, seed: plan.seed, next, again };
  const recorded = {
    LD_PRELOAD: plan.recorder,
    POWERLOSS_LOG: log,
    POWERLOSS_BASE: base,
    POWERLOSS_MARKS: marks,
    POWERLOSS_DELAY_US: `${plan.delay}`,
  };
  const env = { ...process.env, ...recorded };
  return fork(WORKLOAD, [JSON.stringify(work)], { env, execArgv: [] });
}

export function marksOf(notes: readonly Note[]): Mark[] {
  return notes.flatMap((note) => markOf(note) ?? []);
}

/** Nothing when the note is another. */
export function markOf(note: Note): Mark | undefined {
  if (note.kind !== 'begin' || note.call.kind !== 'mark') return undefined;
  return JSON.parse(note.call.text) as Mark;
}
