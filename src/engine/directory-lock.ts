import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { limits } from '../limits.js';
import { doorOf, passwordOf } from '../partitions/visit.js';
import { OpenError } from './errors.js';
import { holdWriters } from './writers.js';

/** Exclusive use of a data directory, until it is released or the process dies. */
interface DirectoryLock {
  release(): Promise<void>;
}

/**
 * On Linux an abstract socket named after the directory's inode: the kernel frees it however the
 * process ends. It is seen within one network namespace: containers that share a volume but no
 * network must not share a data directory. Elsewhere a file with the process id.
 */
export function lockDirectory(dataDir: string): Promise<DirectoryLock> {
  return process.platform === 'linux' ? lockBySocket(dataDir) : lockByFile(dataDir);
}

function inUse(dataDir: string): OpenError {
  return new OpenError(`${dataDir} is in use by another process or wallet`);
}

function lockBySocket(dataDir: string): Promise<DirectoryLock> {
  const visits = new Set<Socket>();
  const server = createServer((socket) => receive(socket, dataDir, visits));
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      reject(error.code === 'EADDRINUSE' ? inUse(dataDir) : error);
    });
    // The workers of a cluster would share what one of them listens on.
    server.listen({ path: doorOf(dataDir), exclusive: true }, () => {
      server.unref();
      resolve({ release: () => closed(server, visits) });
    });
  });
}

/** A process that opens files here (`visit.ts`): nothing is written from the word until it hangs up. */
function receive(socket: Socket, dataDir: string, visits: Set<Socket>): void {
  const longest = setTimeout(() => socket.destroy(), limits.visit_ms).unref();
  visits.add(socket.unref());
  // Whoever ends in a visit has hung up.
  socket.on('error', () => {});
  socket.once('close', () => {
    clearTimeout(longest);
    visits.delete(socket);
  });
  // Where this process has no files left to read the manifest, the visitor asks again.
  socket.once('data', (said) => admit(socket, dataDir, said).catch(() => socket.destroy()));
}

async function admit(socket: Socket, dataDir: string, said: Buffer): Promise<void> {
  if (!passwordOf(dataDir)?.equals(said)) throw new Error('the manifest says something else');
  const { still, release } = holdWriters(dataDir);
  socket.once('close', release);
  await still;
  socket.write('still');
}

function closed(server: Server, visits: ReadonlySet<Socket>): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    for (const socket of visits) socket.destroy();
  });
}

async function lockByFile(dataDir: string): Promise<DirectoryLock> {
  const path = join(dataDir, '.lock');
  try {
    writeFileSync(path, `${process.pid}`, { flag: 'wx' });
  } catch {
    if (isAlive(Number(readFileSync(path, 'utf8')))) throw inUse(dataDir);
    writeFileSync(path, `${process.pid}`);
  }
  return { release: async () => rmSync(path, { force: true }) };
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
