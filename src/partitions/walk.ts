import assert from 'node:assert/strict';
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { type ChildEnd, endOf, howOf, isMemory, isOfDamage } from './child-end.js';
import { reasonOf } from './fault.js';
import type { Transit } from './transit.js';
import type { PartitionPlace, PartitionReport } from './verify.js';
import type { VerifyNews, VerifyTask } from './verify-process.js';

const PROCESS = fileURLToPath(new URL('./verify-process.js', import.meta.url));
const FRAMES_A_TURN = 64;

/** The reports of the partitions, up to the first that has a fault. */
interface WalkReport {
  readonly reports: readonly PartitionReport[];
  /** Of the last report, or why reading ended the process that did it. */
  readonly fault: string | undefined;
  /** What is on its way between partitions. */
  readonly underWay: Transit['underWay'];
}

interface WalkOptions {
  readonly onWalk: (partition: number, done: number, total: number) => void;
  /** Ends the walk, which then rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/** A walk that did not come to its end, for a reason that says nothing of what it read. */
export class Unverified extends Error {}

/**
 * Verifies partitions as of one moment in a process of its own: LMDB maps its file, and one whose pages are damaged
 * ends the process that touches them. Then a second walk, which says at every frame where it is,
 * finds the place. Throws Unverified.
 */
export async function verifyPartitions(
  seed: Uint8Array,
  partitions: readonly PartitionPlace[],
  options: WalkOptions,
): Promise<WalkReport> {
  const first = await walk({ seed, partitions, frames: FRAMES_A_TURN }, options);
  return first.ended ? walk({ seed, partitions, frames: 1 }, options) : first;
}

async function walk(
  task: VerifyTask,
  { onWalk, signal }: WalkOptions,
): Promise<WalkReport & { ended: boolean }> {
  signal?.throwIfAborted();
  const reports: PartitionReport[] = [];
  let at: Place | undefined;
  let underWay: Transit['underWay'] = { messages: 0, amount: 0n };
  let unreadable: string | undefined;
  const child = fork(PROCESS, {
    execArgv: [],
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  if (child.pid === undefined) {
    const [error] = await once(child, 'error');
    throw new Unverified(reasonOf(error));
  }
  child.on('message', (news: VerifyNews) => {
    if (news.kind === 'at') {
      at = news;
      onWalk(news.partition, news.done, news.total);
    } else if (news.kind === 'unreadable') {
      unreadable = news.reason;
      child.disconnect();
    } else {
      reports.push(news.report);
      underWay = news.underWay;
      if (isLast(task, reports)) child.disconnect();
    }
  });
  const end = await endOfWalk(child, task, signal);
  if (unreadable !== undefined) throw new Unverified(unreadable);
  if (isLast(task, reports)) {
    return { reports, fault: reports.at(-1)?.fault, underWay, ended: false };
  }
  refuseInnocent(end, at);
  const fault = `${placeOf(at)} ended the process ${howOf(end)}`;
  return { reports, fault, underWay, ended: true };
}

/** Also in the middle of what it does at once, such as reading a checkpoint, it ends by a signal. */
async function endOfWalk(
  child: ChildProcess,
  task: VerifyTask,
  abort: AbortSignal | undefined,
): Promise<ChildEnd> {
  const { stderr } = child;
  assert.ok(stderr !== null);
  const said = endOf(stderr);
  const kill = (): boolean => child.kill();
  abort?.addEventListener('abort', kill);
  try {
    // Not 'close': of a process whose channel was closed here it never comes.
    const ends = [once(child, 'exit'), once(child, 'disconnect'), once(stderr, 'close')];
    const over = Promise.all(ends);
    child.send(task);
    const [[code, signal] = []] = await over;
    abort?.throwIfAborted();
    return { code, signal, stderr: said() };
  } finally {
    abort?.removeEventListener('abort', kill);
  }
}

function isLast({ partitions }: VerifyTask, reports: readonly PartitionReport[]): boolean {
  return reports.length === partitions.length || reports.at(-1)?.fault !== undefined;
}

interface Place {
  readonly partition: number;
  readonly done: number;
  readonly total: number;
}

const BEGINNING: Place = { partition: 0, done: 0, total: 0 };

/** An end by somebody's signal, for lack of memory, or before the first frame, is no fault of the journal. */
function refuseInnocent(end: ChildEnd, at: Place | undefined): void {
  const isUnread = at !== undefined && end.signal === null && !isMemory(end.stderr);
  if (isOfDamage(end) || isUnread) return;
  const where = at && `in partition ${at.partition} after frame ${at.done}`;
  throw new Unverified(`the process ended ${howOf(end)}, ${where ?? 'before it read anything'}`);
}

function placeOf({ partition, done, total }: Place = BEGINNING): string {
  if (total === 0) return `partition ${partition}: reading its checkpoint or its first frame`;
  if (done === total) return `partition ${partition}, after frame ${done}: closing the walk`;
  return `partition ${partition}, frame ${done + 1}: reading it`;
}
