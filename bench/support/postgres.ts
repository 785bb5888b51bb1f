import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A PostgreSQL of this bench's own: on a free port of loopback, in a directory that it removes. */
export interface Postgres {
  readonly port: number;
  readonly version: string;
  stop(): Promise<void>;
}

const ROOT = '/usr/lib/postgresql';

/** Installs it where that is possible; undefined, with the reason on stderr, where it is not. */
export async function startPostgres(): Promise<Postgres | undefined> {
  const bin = binaries() ?? install();
  if (bin === undefined) return undefined;
  const directory = mkdtempSync(join(tmpdir(), 'purser-bench-postgres-'));
  const isRoot = process.getuid?.() === 0;
  const user = isRoot ? ['runuser', '-u', 'postgres', '--'] : [];
  if (isRoot) chownSync(directory, Number(idOf('-u')), Number(idOf('-g')));
  const data = join(directory, 'data');
  const run = (program: string, ...args: string[]): void => {
    const [command = '', ...rest] = [...user, join(bin, program), ...args];
    execFileSync(command, rest, { stdio: 'ignore', cwd: directory });
  };
  run('initdb', '-D', data, '-U', 'postgres', '-A', 'trust', '--encoding=UTF8');
  const port = await freePort();
  const settings = {
    port,
    listen_addresses: '127.0.0.1',
    unix_socket_directories: directory,
    fsync: 'on',
    synchronous_commit: 'on',
    shared_buffers: '1GB',
    max_wal_size: '4GB',
  };
  const options = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const [command = '', ...rest] = [...user, join(bin, 'postgres'), '-D', data, ...options];
  const child = spawn(command, rest, { stdio: 'ignore', cwd: directory });
  const stop = async (): Promise<void> => {
    if (child.exitCode === null) {
      run('pg_ctl', '-D', data, '-m', 'immediate', 'stop');
      if (child.exitCode === null) await once(child, 'exit');
    }
    rmSync(directory, { recursive: true, force: true });
  };
  const version = execFileSync(join(bin, 'postgres'), ['--version'], { encoding: 'utf8' }).trim();
  return { port, version, stop };
}

function binaries(): string | undefined {
  if (!existsSync(ROOT)) return undefined;
  const version = readdirSync(ROOT).sort().at(-1);
  return version === undefined ? undefined : join(ROOT, version, 'bin');
}

function install(): string | undefined {
  try {
    execFileSync('apt-get', ['install', '-y', '-qq', 'postgresql-15'], { stdio: 'ignore' });
    return binaries();
  } catch {
    process.stderr.write('PostgreSQL is not there and cannot be installed: it is left out\n');
    return undefined;
  }
}

function idOf(flag: '-u' | '-g'): string {
  return execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }).trim();
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  return typeof address === 'object' && address !== null ? address.port : 0;
}
