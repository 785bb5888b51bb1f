import {
  chmodSync,
  cpSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { end, purser, start } from './server.js';

/** What somebody or something did to a directory, and what purser said to it. */
export interface Outcome {
  readonly what: string;
  readonly how: 'survived' | 'told' | 'refused' | 'FAILED';
  readonly words: string;
}

/** A data directory whose servers are gone, and an older copy of it. */
export interface Directories {
  readonly now: string;
  readonly old: string;
  /** Where copies may be made. */
  readonly scratch: string;
}

const JOURNAL = 'partition-0/journal/data.mdb';
const CHECKPOINT = 'partition-0/checkpoint/data.mdb';

/** Damages a copy of the directory in many ways; each must be refused in words, or survived. */
export async function damage(directories: Directories): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const [what, expected, harm] of harms) {
    const data = join(directories.scratch, 'copy');
    rmSync(data, { recursive: true, force: true });
    cpSync(directories.now, data, { recursive: true });
    harm(data, directories);
    outcomes.push(await judge(what, expected, data));
    chmodSync(data, 0o700);
  }
  return outcomes;
}

type Harm = (data: string, directories: Directories) => void;

const harms: readonly (readonly [
  what: string,
  expected: 'refused' | 'told' | 'survived',
  harm: Harm,
])[] = [
  ['nothing', 'survived', () => {}],
  ['a bit flipped in frames', 'refused', (data) => flip(join(data, JOURNAL), 'PRJ1', 60)],
  ['a bit flipped in the checkpoint', 'told', (data) => flip(join(data, CHECKPOINT), 'meta', 30)],
  ['the journal cut in half', 'refused', (data) => cut(join(data, JOURNAL), 0.5)],
  ['the journal emptied', 'refused', (data) => cut(join(data, JOURNAL), 0)],
  ['the journal removed', 'refused', (data) => rmSync(join(data, JOURNAL))],
  ['the checkpoint removed', 'survived', (data) => rmSync(join(data, CHECKPOINT))],
  ['the manifest removed', 'refused', (data) => rmSync(join(data, 'manifest.json'))],
  [
    'an old copy of one journal put back',
    'refused',
    (data, { old }) => {
      cpSync(join(old, JOURNAL), join(data, JOURNAL));
    },
  ],
  [
    'the journal of another partition',
    'refused',
    (data) => {
      cpSync(join(data, 'partition-1/journal/data.mdb'), join(data, JOURNAL));
    },
  ],
];

function flip(path: string, near: string, offset: number): void {
  const bytes = readFileSync(path);
  // LMDB leaves copies of pages that nothing points to any more: which one is in use, it knows.
  for (let at = bytes.indexOf(near); at >= 0; at = bytes.indexOf(near, at + 1)) {
    bytes[at + offset] = (bytes[at + offset] ?? 0) ^ 1;
  }
  writeFileSync(path, bytes);
}

function cut(path: string, part: number): void {
  truncateSync(path, Math.floor(statSync(path).size * part));
}

/** `refused` by serve; `told` by verify, while a start does without what is damaged. */
async function judge(what: string, expected: Outcome['how'], data: string): Promise<Outcome> {
  const verified = purser('verify', '--data', data);
  const served = await start(data);
  if (typeof served !== 'string') await end(served, 'SIGKILL');
  const refusal = typeof served === 'string' ? served : verified.said;
  const how = typeof served === 'string' ? 'refused' : verified.code === 0 ? 'survived' : 'told';
  const words = how === 'survived' ? 'serves, and verifies' : (refusal.split('\n')[0] ?? '');
  if (/\n\s+at /.test(refusal)) return { what, how: 'FAILED', words: `a stack trace: ${words}` };
  return { what, how: how === expected ? how : 'FAILED', words: words.replaceAll(data, 'DIR') };
}
