import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Transit } from './transit.js';
import type { PartitionPlace, PartitionReport } from './verify.js';
import type { VerifyNews, VerifyTask } from './verify-process.js';

const PROCESS = fileURLToPath(new URL('./verify-process.js', import.meta.url));
const FRAMES_A_TURN = 64;

/** The reports of the partitions, up to the first that has a fault. */
export interface WalkReport {
  readonly reports: readonly PartitionReport[];
  /** Of the last report, or why reading ended the process that did it. */
  readonly fault: string | undefined;
  /** What is on its way between partitions. */
  readonly underWay: Transit['underWay'];
}

export type OnWalk = (partition: number, done: number, total: number) => void;

/**
 * Verifies partitions as of one moment in a process of its own: LMDB maps its file, and one whose pages are damaged
 * ends the process that touches them. Then a second walk, which says at every frame where it is,
 * finds the place.
 */
export async function verifyPartitions(
  seed: Uint8Array,
  partitions: readonly PartitionPlace[],
  onWalk: OnWalk,
): Promise<WalkReport> {
  const first = await walk({ seed, partitions, frames: FRAMES_A_TURN }, onWalk);
  return first.ended ? walk({ seed, partitions, frames: 1 }, onWalk) : first;
}

async function walk(task: VerifyTask, onWalk: OnWalk): Promise<WalkReport & { ended: boolean }> {
  const reports: PartitionReport[] = [];
  let at = { partition: 0, done: 0, total: 0 };
  let underWay: Transit['underWay'] = { messages: 0, amount: 0n };
  const child = fork(PROCESS, {
    execArgv: [],
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
  const over = Promise.all([once(child, 'exit'), once(child, 'disconnect')]);
  child.on('message', (news: VerifyNews) => {
    if (news.kind === 'at') {
      at = news;
      onWalk(news.partition, news.done, news.total);
      return;
    }
    reports.push(news.report);
    underWay = news.underWay;
    if (isLast(task, reports)) child.disconnect();
  });
  child.send(task);
  const [[code, signal]] = await over;
  if (isLast(task, reports)) {
    return { reports, fault: reports.at(-1)?.fault, underWay, ended: false };
  }
  const fault = `${placeOf(at)} ended the process ${howOf(code, signal)}`;
  return { reports, fault, underWay, ended: true };
}

function isLast({ partitions }: VerifyTask, reports: readonly PartitionReport[]): boolean {
  return reports.length === partitions.length || reports.at(-1)?.fault !== undefined;
}

function placeOf({
  partition,
  done,
  total,
}: {
  partition: number;
  done: number;
  total: number;
}): string {
  if (total === 0) return `partition ${partition}: reading its checkpoint or its first frame`;
  if (done === total) return `partition ${partition}, after frame ${done}: closing the walk`;
  return `partition ${partition}, frame ${done + 1}: reading it`;
}

function howOf(code: number | null, signal: string | null): string {
  return signal === null ? `with exit code ${code}` : `by ${signal}`;
}
