import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { dirname, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { limits } from '../limits.js';
import { Unreadable } from './unreadable.js';

const ATTEMPTS = 20;
const PAUSE_MS = 50;
/**
 * Whoever says nothing for so long has its main thread held, which gives the others nothing to write.
 * A server that is alive but cannot be still has hung up before.
 */
const SILENCE_MS = 2 * limits.visit_ms;
let isSilent = false;

/** On Linux: where a data directory's process listens, an abstract socket; there is none without one. */
export function doorOf(dataDir: string): string {
  const { dev, ino } = statSync(dataDir);
  return `\0purser-${dev}-${ino}`;
}

/** What a visitor says first: an abstract socket is open to everybody, the manifest to those with rights. */
export function passwordOf(dataDir: string): Buffer | undefined {
  const manifest = join(dataDir, 'manifest.json');
  if (!existsSync(manifest)) return undefined;
  return createHash('sha256').update('visit').update(readFileSync(manifest)).digest();
}

/**
 * Opens files of LMDB in a partition's directory that another process may be serving, while that one
 * writes nothing (`whole-writes.ts` says why).
 */
export async function openStill<T>(partitionDirectory: string, open: () => T): Promise<T> {
  const visit = await knock(dirname(partitionDirectory));
  try {
    return open();
  } finally {
    visit?.destroy();
  }
}

/** Resolves when the server is still, for as long as the socket is open; undefined: nobody serves. */
async function knock(dataDir: string): Promise<Socket | undefined> {
  if (process.platform !== 'linux' || isSilent) return undefined;
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const password = passwordOf(dataDir);
    // Nothing was ever answered from there.
    if (password === undefined) return undefined;
    const socket = connect({ path: doorOf(dataDir) });
    socket.write(password);
    try {
      // It ends without a word where the server ends, or could not be still in time.
      const heard = ['data', 'close', 'timeout'].map((event) => once(socket, event));
      socket.setTimeout(SILENCE_MS);
      const [word] = await Promise.race(heard);
      if (word instanceof Buffer) return socket;
      isSilent = !socket.destroyed;
      if (isSilent) return socket;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ECONNREFUSED') return undefined;
      throw error;
    }
    await wait(PAUSE_MS);
  }
  throw new Unreadable(`${dataDir} is written without a pause: try again`);
}
