import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { hasStrace, tracer } from '../support/tracer.js';
import { type Served, started } from './server.js';

/**
 * Reads that take 20 ms: LMDB opens a file by reading which transaction is the last one and storing that
 * for all processes, and whatever is committed between would be lost.
 */
const slowly: readonly string[] = hasStrace
  ? tracer(['trace=pread64', 'inject=pread64:delay_exit=20000'])
  : [];

/** What may look at a directory while it is served, and must find it sound. Each says what it found wrong. */
type Visit = (server: Served, data: string, copy: string) => Promise<string | undefined>;

const visits: Readonly<Record<string, Visit>> = {
  audit: async ({ port, said }) => {
    try {
      const response = await fetch(`http://127.0.0.1:${port}/v1/audit`);
      const text = await response.text();
      return response.status === 200 && JSON.parse(text).ok === true ? undefined : text;
    } catch (error) {
      return `${String(error)}; the server said: ${said()}`;
    }
  },
  backup: async (_server, data, copy) => {
    const made = await complaint('backup', '--data', data, '--to', copy);
    const found = made ?? (await complaint('verify', '--data', copy));
    rmSync(copy, { recursive: true, force: true });
    return found;
  },
  verify: (_server, data) => complaint('verify', '--data', data),
  export: (_server, data) => complaint('export', '--data', data),
};

async function complaint(...args: readonly string[]): Promise<string | undefined> {
  const { code, said } = await started(slowly, ...args);
  return code === 0 ? undefined : said;
}

/** All of them at once. Returns what was found wrong. */
export async function visitAll(server: Served, data: string, scratch: string): Promise<string[]> {
  const copy = join(scratch, 'visited');
  const found = Object.entries(visits).map(async ([name, visit]) => {
    const wrong = await visit(server, data, copy);
    return wrong === undefined ? [] : [`${name} beside writes: ${wrong}`];
  });
  return (await Promise.all(found)).flat();
}
