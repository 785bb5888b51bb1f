import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { promisify } from 'node:util';
import { openWallet } from 'purser';
import { expect, test } from 'vitest';
import { limits } from '../dist/limits.js';
import { doorOf, openStill, passwordOf } from '../dist/partitions/visit.js';
import { newDirectory } from './support/directory.js';
import { main, run } from './support/server.js';
import { hasStrace } from './support/tracer.js';
import { bet } from './support/wallet-cases.js';

/** Makes a frame that LMDB's thread commits, not the partition's own. */
const large = { meta: { text: 'x'.repeat(40_000) } };

async function visit(dataDir: string): Promise<Socket> {
  const socket = connect({ path: doorOf(dataDir) });
  socket.write(passwordOf(dataDir) ?? '');
  await once(socket, 'data');
  return socket;
}

test.runIf(process.platform === 'linux')(
  'who does not know what the manifest says is sent away',
  async () => {
    const dataDir = newDirectory();
    const wallet = await openWallet({ dataDir, partitions: 1 });
    const socket = connect({ path: doorOf(dataDir) });
    socket.write(Buffer.alloc(32));
    await once(socket.resume(), 'close');
    expect(await wallet.createUsers(['alice'])).toBe(1);
    await wallet.close();
  },
);

test.runIf(process.platform === 'linux').each([
  ['small', {}],
  ['large', large],
])(
  'no %s frame is written while another process opens the files, and then all are',
  async (_, more) => {
    const dataDir = newDirectory();
    const wallet = await openWallet({ dataDir, partitions: 2 });
    const users = Array.from({ length: 8 }, (_, i) => `user${i}`);
    await wallet.createUsers(users);
    const visits = [await visit(dataDir), await visit(dataDir)];
    let answered = 0;
    const bets = users.map(async (user) => {
      const answer = await wallet.bet({ ...bet(user, 1), ...more });
      answered += 1;
      return answer.status;
    });
    await wait(300);
    visits.pop()?.destroy();
    await wait(300);
    expect(answered).toBe(0);
    visits.pop()?.destroy();
    expect(new Set(await Promise.all(bets))).toEqual(new Set(['RS_OK']));
    await wallet.close();
  },
);

test.runIf(process.platform === 'linux')(
  'who does not hang up is shown out, and nobody waits any longer',
  async () => {
    const dataDir = newDirectory();
    const wallet = await openWallet({ dataDir, partitions: 1 });
    await wallet.createUsers(['alice']);
    const socket = await visit(dataDir);
    const shownOut = once(socket.resume(), 'close');
    expect(await wallet.bet(bet('alice', 1))).toMatchObject({ status: 'RS_OK' });
    await shownOut;
    // Nor does one hold up the end.
    const last = await visit(dataDir);
    last.on('error', () => {});
    await wallet.close();
    const again = await openWallet({ dataDir });
    expect(await again.bet(bet('alice', 1))).toMatchObject({ status: 'RS_OK' });
    await again.close();
  },
);

test.runIf(process.platform === 'linux')(
  'a server that cannot be still in time is asked again, and nothing is opened before it is',
  async () => {
    const dataDir = newDirectory();
    mkdirSync(dataDir, { recursive: true });
    writeFileSync(join(dataDir, 'manifest.json'), '{}');
    let visits = 0;
    const server = createServer((socket) => {
      visits += 1;
      socket.on('error', () => {}).resume();
      if (visits === 2) socket.write('still');
      else setTimeout(() => socket.destroy(), limits.visit_ms + 500);
    });
    await once(server.listen({ path: doorOf(dataDir) }), 'listening');
    expect(await openStill(join(dataDir, 'partition-0'), () => visits)).toBe(2);
    server.close();
  },
);

test.skipIf(!hasStrace)(
  'a copy that takes long to open the files takes no commit away from under the server',
  async () => {
    const [dataDir, copy] = [newDirectory(), newDirectory()];
    const wallet = await openWallet({ dataDir, partitions: 1 });
    await wallet.createUsers(['alice']);
    let isCopied = false;
    // LMDB reads the last transaction's number so, and stores it for all processes a little later.
    const slow = ['-f', '-o', '/dev/null', '-e', 'trace=pread64', '-e'];
    slow.push('inject=pread64:delay_exit=20000', process.execPath, main);
    const backup = promisify(execFile)('strace', [
      ...slow,
      'backup',
      '--data',
      dataDir,
      '--to',
      copy,
    ]);
    const copied = backup.finally(() => {
      isCopied = true;
    });
    let bets = 0;
    for (; !isCopied; bets++) await wallet.bet(bet('alice', 1));
    await copied;
    expect(bets).toBeGreaterThan(0);
    await wallet.close();
    for (const directory of [dataDir, copy]) {
      expect(run('verify', '--data', directory)).toMatchObject({ code: 0, err: '' });
    }
    const again = await openWallet({ dataDir });
    const { balance } = await again.balance({
      user: 'alice',
      request_uuid: bet('alice', 1).request_uuid,
    });
    expect(balance).toBe(100_000 - bets);
    await again.close();
  },
);
