import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { newDirectory } from './support/directory.js';
import { type Server, serve } from './support/server.js';
import { hasStrace, tracer } from './support/tracer.js';
import { bet } from './support/wallet-cases.js';

/** Small frames are committed by the partition's thread, larger ones by LMDB's. */
const frameSizes = [
  ['small', {}],
  ['large', { meta: { text: 'x'.repeat(40_000) } }],
] as const;

/** Runs the server under strace, and gives the lines of the trace in the order of time. */
async function traced(
  expressions: readonly string[],
  use: (server: Server) => Promise<void>,
): Promise<string[]> {
  const directory = newDirectory();
  const trace = join(dirname(directory), 'trace');
  const server = await serve(['--data', directory, '--partitions', '1'], {}, [
    ...tracer(expressions, trace),
    ...['-y', '-ttt', '-s', '16384'],
  ]);
  await use(server);
  await server.stop();
  // The tracer writes the end a moment later.
  while (!readFileSync(trace, 'utf8').includes('+++ exited')) await wait(50);
  return readFileSync(trace, 'utf8').split('\n');
}

/** Where in the trace a call began and where it returned. */
interface Call {
  readonly text: string;
  readonly begun: number;
  readonly ended: number;
}

/** Calls in the order they began; one that others interrupted ends at the line that resumes it. */
function callsOf(lines: readonly string[], name: RegExp): Call[] {
  return lines.flatMap((text, begun) => {
    if (!name.test(text) || text.includes('<... ')) return [];
    if (!text.includes('<unfinished')) return [{ text, begun, ended: begun }];
    const [pid, call] = [text.split(' ')[0], /(\w+)\(/.exec(text)?.[1]];
    const ended = lines.findIndex((other, i) => {
      return i > begun && other.startsWith(`${pid} `) && other.includes(`<... ${call} resumed`);
    });
    return ended < 0 ? [] : [{ text, begun, ended }];
  });
}

test.skipIf(!hasStrace).each(frameSizes)(
  'no answer is written before the sync of its %s frame returned',
  async (_, more) => {
    const bets = 12;
    const calls = 'trace=openat,fdatasync,pwrite64,pwritev,writev,write,sendto,sendmsg,sendmmsg';
    const lines = await traced([calls], async (server) => {
      await server.ask('/users', { users: ['alice'] });
      for (let i = 0; i < bets; i++) {
        const answer = await server.ask('/transaction/bet', { ...bet('alice', 1), ...more });
        expect(answer).toMatchObject({ status: 'RS_OK' });
      }
    });
    const answers = lines.flatMap((line, at) => (/HTTP\/1\.1 200/.test(line) ? [at] : []));
    // The magic of a frame shows which writes bring one to the journal's file.
    const frames = callsOf(lines, /(pwrite64|pwritev|writev)\(.*PRJ1/);
    const syncs = callsOf(lines, /fdatasync\(/).filter(({ text }) => text.includes('/journal/'));
    // LMDB writes its meta page through a file that is opened for synchronous writes.
    const files = callsOf(lines, /openat\(.*O_DSYNC/).flatMap(({ ended }) => {
      return / = (\d+<[^>]*\/journal\/[^>]*>)/.exec(lines[ended] ?? '')?.[1] ?? [];
    });
    expect(files.length).toBeGreaterThan(0);
    const metas = callsOf(lines, /pwrite64\(/).filter(({ text }) => {
      return files.some((file) => text.includes(`pwrite64(${file}`));
    });
    expect(answers.length).toBe(bets + 1);
    for (const [i, answer] of answers.entries()) {
      // Requests were sent one after the other: what an answer rests on came after the one before.
      // Each call must have returned before the next one begins, and the last one before the answer.
      let since = answers[i - 1] ?? 0;
      for (const calls of [frames, syncs, metas]) {
        const next = calls.find(({ begun }) => begun > since);
        expect(next?.ended ?? Number.POSITIVE_INFINITY).toBeLessThan(answer);
        since = next?.ended ?? since;
      }
    }
  },
);

test.skipIf(!hasStrace).each(frameSizes)(
  'an answer waits for as long as the sync of a %s frame takes',
  async (_, more) => {
    const delayed = ['trace=fdatasync', 'inject=fdatasync:delay_enter=400000'];
    await traced(delayed, async (server) => {
      await server.ask('/users', { users: ['alice'] });
      const start = performance.now();
      await server.ask('/transaction/bet', { ...bet('alice', 1), ...more });
      expect(performance.now() - start).toBeGreaterThan(399);
    });
  },
);
