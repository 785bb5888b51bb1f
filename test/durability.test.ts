import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { newDirectory } from './support/directory.js';
import { type Server, serve } from './support/server.js';
import { bet } from './support/wallet-cases.js';

const hasStrace = spawnSync('strace', ['-V']).status === 0;

/** Runs the server under strace, and gives the lines of the trace in the order of time. */
async function traced(
  options: readonly string[],
  use: (server: Server) => Promise<void>,
): Promise<string[]> {
  const directory = newDirectory();
  const trace = join(dirname(directory), 'trace');
  const server = await serve(['--data', directory, '--partitions', '1'], {}, [
    'strace',
    // The tracer is the child, so that the server itself is what is ended.
    '-D',
    '-f',
    '-ttt',
    '-s',
    '16384',
    '-o',
    trace,
    ...options,
  ]);
  await use(server);
  await server.stop();
  // The tracer writes the end a moment later.
  while (!readFileSync(trace, 'utf8').includes('+++ exited')) await wait(50);
  return readFileSync(trace, 'utf8').split('\n');
}

/** When a call returned: of a call that others interrupted, the line that resumes it. */
function returnsOf(lines: readonly string[], call: RegExp): number[] {
  const places: number[] = [];
  for (const [at, line] of lines.entries()) {
    if (!call.test(line) || line.includes('<... ')) continue;
    if (!line.includes('<unfinished')) places.push(at);
    else {
      const [pid, name] = [line.split(' ')[0], /(\w+)\(/.exec(line)?.[1]];
      const end = lines.findIndex((other, i) => {
        return i > at && other.startsWith(`${pid} `) && other.includes(`<... ${name} resumed`);
      });
      places.push(end);
    }
  }
  return places;
}

test.skipIf(!hasStrace)('no answer is written before the sync of its frame returned', async () => {
  const bets = 12;
  const calls = 'trace=fdatasync,fsync,pwrite64,pwritev,writev,write,sendto,sendmsg,sendmmsg';
  const lines = await traced(['-e', calls], async (server) => {
    await server.ask('/users', { users: ['alice'] });
    for (let i = 0; i < bets; i++) {
      expect(await server.ask('/transaction/bet', bet('alice', 1))).toMatchObject({
        status: 'RS_OK',
      });
    }
  });
  const answers = lines.flatMap((line, at) => (/HTTP\/1\.1 200/.test(line) ? [at] : []));
  // The magic of a frame shows which writes bring one to the journal's file.
  const frames = lines.flatMap((line, at) => (/(pwrite64|writev)\(.*PRJ1/.test(line) ? [at] : []));
  const syncs = returnsOf(lines, /fdatasync\(/);
  const metas = returnsOf(lines, /pwrite64\(/);
  expect(answers.length).toBe(bets + 1);
  for (const [i, answer] of answers.entries()) {
    // Requests were sent one after the other: what an answer rests on came after the one before.
    const before = answers[i - 1] ?? 0;
    const frame = frames.find((at) => at > before) ?? Number.POSITIVE_INFINITY;
    expect(frame).toBeLessThan(answer);
    const sync = syncs.find((at) => at > frame) ?? Number.POSITIVE_INFINITY;
    expect(sync).toBeLessThan(answer);
    // LMDB's meta page, through a file that is opened for synchronous writes.
    expect(metas.some((meta) => meta > sync && meta < answer)).toBe(true);
  }
});

test.skipIf(!hasStrace)('an answer waits for as long as the sync takes', async () => {
  const delayed = ['-e', 'trace=fdatasync', '-e', 'inject=fdatasync:delay_enter=400000'];
  await traced(delayed, async (server) => {
    await server.ask('/users', { users: ['alice'] });
    const start = performance.now();
    await server.ask('/transaction/bet', bet('alice', 1));
    expect(performance.now() - start).toBeGreaterThan(399);
  });
});
