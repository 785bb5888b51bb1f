import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { OpenError } from './errors.js';

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
  const { dev, ino } = statSync(dataDir);
  const server = createServer((socket) => socket.destroy());
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      reject(error.code === 'EADDRINUSE' ? inUse(dataDir) : error);
    });
    // The workers of a cluster would share what one of them listens on.
    server.listen({ path: `\0purser-${dev}-${ino}`, exclusive: true }, () => {
      server.unref();
      resolve({ release: () => closed(server) });
    });
  });
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()));
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
