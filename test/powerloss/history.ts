import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Disk } from './disk.js';
import type { Note } from './recording.js';
import { type Life, markOf, type Run } from './run.js';

/** One step of a run, in the order in which all happened. */
export type Step =
  | { readonly kind: 'note'; readonly note: Note }
  | { readonly kind: 'ended'; readonly life: Life };

export function stepsOf({ lives }: Run): Step[] {
  return lives.flatMap((life) => [
    ...life.notes.map((note): Step => ({ kind: 'note', note })),
    { kind: 'ended', life },
  ]);
}

/**
 * Takes a step. At a process's end the disk that the notes made must have, as processes see it,
 * what the real files have: otherwise the recorder missed something.
 */
export function take(disk: Disk, step: number, one: Step): void {
  if (one.kind === 'note') {
    disk.apply(step, one.note);
    return;
  }
  disk.killed((path) => readIfThere(join(one.life.files, path)));
  for (const [path, file] of disk.files()) {
    // Of the lock file alone processes map the bytes and write there.
    if (path.endsWith('lock.mdb')) continue;
    const found = readIfThere(join(one.life.files, path));
    if (found === undefined || !found.equals(file.seen)) {
      throw new Error(`the recording of ${path} is not what the file has`);
    }
  }
}

function readIfThere(path: string): Buffer | undefined {
  return existsSync(path) ? readFileSync(path) : undefined;
}

/** Steps of a kind after which a power cut is worth more than elsewhere. */
export interface Moments {
  readonly any: readonly number[];
  /** A sync begins or has returned, a meta page is written. */
  readonly atSyncs: readonly number[];
  /** The callers know something more. */
  readonly atMarks: readonly number[];
  /** A process that was started again tells what it found. */
  readonly atFinds: readonly number[];
  /** A process begins to write, over what was there. */
  readonly atStarts: readonly number[];
}

const STEPS_OF_FINDING = 60;
const STEPS_OF_A_START = 120;

export function momentsOf(steps: readonly Step[]): Moments {
  const syncs = new Set<number>();
  const atSyncs: number[] = [];
  const atMarks: number[] = [];
  const atFinds: number[] = [];
  const atStarts: number[] = [];
  let lives = 0;
  let sinceStart = Number.POSITIVE_INFINITY;
  for (const [at, step] of steps.entries()) {
    if (step.kind === 'ended') {
      syncs.clear();
      lives += 1;
      continue;
    }
    if (isSync(step.note, syncs)) atSyncs.push(at, ...(at > 0 ? [at - 1] : []));
    const mark = markOf(step.note);
    if (mark?.kind === 'opened') sinceStart = 0;
    if (mark !== undefined) atMarks.push(at);
    if (mark !== undefined && lives > 0 && sinceStart < STEPS_OF_FINDING) atFinds.push(at);
    if (sinceStart < STEPS_OF_A_START) atStarts.push(at);
    sinceStart += 1;
  }
  return { any: [...steps.keys()], atSyncs, atMarks, atFinds, atStarts };
}

/** `open` holds the numbers of the calls that make something durable. */
function isSync(note: Note, open: Set<number>): boolean {
  if (note.kind === 'end') return open.delete(note.number);
  const { call } = note;
  const syncs = call.kind === 'sync' || (call.kind === 'write' && call.synchronous);
  if (syncs) open.add(note.number);
  return syncs;
}
