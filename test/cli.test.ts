import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, existsSync, readdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { openWallet } from 'purser';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { newDirectory, sharedDirectory } from './support/directory.js';
import { main, run, serve } from './support/server.js';
import { bet } from './support/wallet-cases.js';

interface Line {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** What lines end with that one process runs: to load the command for each takes most of the time. */
function runAll(
  lines: readonly Line[],
): readonly { readonly code: number; readonly err: string }[] {
  const script = join(import.meta.dirname, 'support/commands.mjs');
  const { stdout } = spawnSync(process.execPath, [script, JSON.stringify(lines)], {
    encoding: 'utf8',
  });
  return JSON.parse(stdout);
}

describe('one clear line and exit 2', () => {
  const mistakes: readonly (readonly [what: string, args: readonly string[]])[] = [
    ['no command', []],
    ['an unknown command', ['steal']],
    ['an unknown option', ['serve', '--colour', 'red']],
    ['a port that is no number', ['serve', '--port', 'x']],
    ['a dialect that is none', ['serve', '--dialect', 'klingon']],
    ['no partitions', ['serve', '--partitions', '0']],
    ['a directory that cannot be made', ['serve', '--data', '/proc/purser', '--port', '0']],
    ['one below it', ['serve', '--data', '/proc/purser/q/b', '--port', '0']],
    ['a host that others reach, without keys', ['serve', '--host', '0.0.0.0', '--port', '0']],
    ['a proxy in front, without keys', ['serve', '--trusted-proxies', '::1', '--port', '0']],
    ['a directory that is none', ['verify', '--data', '/nowhere/at/all']],
    ['a day that there is not', ['export', '--from', '2026-02-30']],
  ];
  let ended: ReturnType<typeof runAll>;

  beforeAll(() => {
    ended = runAll(mistakes.map(([, args]) => ({ args, env: {} })));
  });

  test.each(mistakes.map(([what], i) => [what, i] as const))('%s', (_, i) => {
    expect(ended[i]).toEqual({ code: 2, err: expect.stringMatching(/^purser: .+\n$/) });
  });

  test('of the command itself', () => {
    const { code, err } = run('steal');
    expect({ code, err }).toEqual({ code: 2, err: expect.stringMatching(/^purser: .+\n$/) });
  });
});

describe('what is malformed is found before anything is made', () => {
  const malformed = [
    ['PURSER_WEBHOOK_SECRET_TESTPSP', 'whsec_short'],
    ['PURSER_WEBHOOK_SECRET_testpsp', `whsec_${'A'.repeat(32)}`],
    ['PURSER_WEBHOOK_SECRET', `whsec_${'A'.repeat(32)}`],
    ['PURSER_API_KEYS', 'key:nowhere'],
    ['PURSER_API_KEYS', 'a key with spaces:admin'],
    ['PURSER_HUB88_PUBLIC_KEY', 'no key'],
    ['PURSER_SELF_TOPUP', 'perhaps'],
    ['JWT_SECRET', 'short'],
    ['FRONTEND_URL', 'nowhere'],
  ] as const;
  const directory = sharedDirectory();
  let ended: ReturnType<typeof runAll>;

  beforeAll(() => {
    const args = ['serve', '--data', directory, '--port', '0'];
    ended = runAll(malformed.map(([variable, value]) => ({ args, env: { [variable]: value } })));
  });

  test.each(malformed.map(([variable], i) => [variable, i] as const))('%s', (variable, i) => {
    const line = new RegExp(`^purser: ${variable}: .+\\n$`);
    expect(ended[i]).toEqual({ code: 2, err: expect.stringMatching(line) });
  });

  test('nothing is there', () => expect(existsSync(directory)).toBe(false));
});

test.each([
  ['--host', '0.0.0.0'],
  ['--trusted-proxies', 'loopback'],
])('where others reach it a key that could be guessed is warned of: %s %s', async (...args) => {
  const keys = { PURSER_API_KEYS: 'long-enough-a-key:admin,short:wallet' };
  const server = await serve([...args, '--data', newDirectory()], keys);
  expect(server.said()).toMatch(/^warning: .*PURSER_API_KEYS.* fewer than 16 characters.*\n$/m);
  expect(await server.stop()).toBe(0);
});

test('a negative number is read as the value that it is', () => {
  const { code, err } = run('serve', '--initial-balance', '-5', '--port', '0');
  expect(code).toBe(2);
  expect(err).toMatch(/^purser: --initial-balance: .*0 to .+\n$/);
});

test('a server that a cluster started ends when it is told to', () => {
  const script = `
    const cluster = require('node:cluster');
    const [exec, data] = process.argv.slice(1);
    const args = ['serve', '--port', '0', '--data', data];
    cluster.setupPrimary({ exec, args, execArgv: [], silent: true });
    const worker = cluster.fork();
    worker.on('listening', () => worker.process.kill('SIGTERM'));
    worker.on('exit', (code, signal) => console.log(code, signal));
    setTimeout(() => worker.process.kill('SIGKILL'), 10_000).unref();`;
  const { stdout } = spawnSync(process.execPath, ['-e', script, main, newDirectory()], {
    encoding: 'utf8',
  });
  expect(stdout).toBe('0 null\n');
});

test('partitions that cannot be are found before anything is made', async () => {
  const dataDir = newDirectory();
  for (const partitions of [0, 65, 1.5]) {
    await expect(openWallet({ dataDir, partitions })).rejects.toThrow(/partitions must be 1 to 64/);
  }
  expect(existsSync(dataDir)).toBe(false);
});

describe.skipIf(process.platform !== 'linux')('under a limit of address space', () => {
  const limited = (kib: number, ...args: string[]) => {
    const command = `ulimit -v ${kib}; exec "$@"`;
    const all = ['-c', command, 'sh', process.execPath, ...args];
    return spawnSync('sh', all, { encoding: 'utf8' });
  };

  test.each([
    [1, 40_000_000, 585, 38],
    [4, 2_000_000_000, 2316, 1907],
  ])('%i partitions: one clear line and exit 2, before anything is made', (partitions, ...all) => {
    const directory = join(newDirectory(), 'data');
    const [kib, needed, given] = all;
    const args = ['serve', '--data', directory, '--partitions', `${partitions}`];
    const { status, stderr } = limited(kib, main, ...args);
    expect(status).toBe(2);
    expect(stderr).toMatch(new RegExp(`^purser: .*${needed} GiB of address space.*${given}.*\n$`));
    expect(existsSync(directory)).toBe(false);
  });

  test('the wallets of one process count together, while they are open', () => {
    const script = `
      import { openWallet } from ${JSON.stringify(import.meta.resolve('purser'))};
      const open = () => openWallet({ partitions: 1 });
      const wallets = [await open(), await open()];
      const said = await open().catch(({ message }) => message);
      await wallets.pop().close();
      wallets.push(await open());
      for (const wallet of wallets) await wallet.close();
      console.log(said);`;
    const { stdout, status } = limited(1_300_000_000, '--input-type=module', '-e', script);
    expect(stdout).toMatch(/reserve 1739 GiB of address space, and this process may have 1239/);
    expect(status).toBe(0);
  });
});

test.each(['18.20.8', '20.18.3'])('under Node %s: one clear line and exit 2', (version) => {
  const old = `Object.defineProperty(process, 'versions', { value: { node: '${version}' } });`;
  const load = `${old} process.argv = ['node', 'purser']; require(${JSON.stringify(main)});`;
  const { status, stderr } = spawnSync(process.execPath, ['-e', load], { encoding: 'utf8' });
  expect(status).toBe(2);
  expect(stderr).toMatch(/^purser: needs Node 20\.19 or newer.*\n$/);
});

describe.skipIf(process.platform !== 'linux')('output that cannot be written', () => {
  const shell = (line: string) => {
    const purser = `${process.execPath} ${main}`;
    const command = `set -o pipefail; ${line.replace('purser', purser)}`;
    return spawnSync('bash', ['-c', command], { encoding: 'utf8' });
  };

  test('a reader that is gone changes no exit code', () => {
    expect(shell('purser --help | true')).toMatchObject({ status: 0, stderr: '' });
    expect(shell('purser verify --data /nowhere | true').status).toBe(2);
  });

  test('a full disk is told in one line, with exit 2', async () => {
    const dataDir = newDirectory();
    await (await openWallet({ dataDir, partitions: 1 })).close();
    for (const command of ['--version', `verify --data ${dataDir}`, `export --data ${dataDir}`]) {
      const { status, stderr } = shell(`purser ${command} > /dev/full`);
      expect(status, command).toBe(2);
      expect(stderr).toMatch(/^purser: .*no space left.*\n$/);
    }
    expect(shell('purser verify --data /nowhere 2> /dev/full').status).toBe(2);
  });

  test.each([
    ['nobody reads', ''],
    ['has no room', 'exec 2> /dev/full;'],
  ])('a server whose log %s serves on, and stops', async (_, redirect) => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const { port } = taken.address() as { port: number };
    taken.close();
    const args = ['serve', '--data', newDirectory(), '--port', `${port}`, '--log', 'info'];
    const child = spawn('bash', [
      '-c',
      `${redirect} exec "$@"`,
      '-',
      process.execPath,
      main,
      ...args,
    ]);
    onTestFinished(() => {
      child.kill('SIGKILL');
    });
    child.stdout.destroy();
    child.stderr.destroy();
    const health = () =>
      fetch(`http://127.0.0.1:${port}/health`).then(
        ({ status }) => status,
        () => 0,
      );
    await expect.poll(health, { timeout: 10_000 }).toBe(200);
    expect(await health()).toBe(200);
    child.kill();
    expect(await once(child, 'exit')).toEqual([0, null]);
  });

  test('a server whose log is read no further stops', async () => {
    const args = [main, 'serve', '--data', newDirectory(), '--port', '0', '--log', 'info'];
    const child = spawn(process.execPath, args);
    onTestFinished(() => {
      child.kill('SIGKILL');
    });
    child.stderr.pause();
    let url: string | undefined;
    for await (const line of createInterface(child.stdout)) {
      url = /listening on (http:\S+)/.exec(line)?.[1];
      if (url !== undefined) break;
    }
    // More than the system keeps of what was written and not read.
    for (let i = 0; i < 100; i++) await fetch(`${url}/health?${'x'.repeat(10_000)}`);
    child.kill();
    expect(await once(child, 'exit')).toEqual([0, null]);
  });
});

test('a directory is made with those above it', async () => {
  const directory = join(newDirectory(), 'deep', 'down');
  const server = await serve(['--data', directory, '--partitions', '1']);
  expect(await server.stop()).toBe(0);
  expect(run('verify', '--data', directory)).toMatchObject({ code: 0 });
});

/** Whom no right is given to everything, and who can read this package. */
const nobody = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};
const isReadable = spawnSync(process.execPath, [main, '--version'], nobody).status === 0;

test.skipIf(!isReadable).each([
  ['journal/lock.mdb', 'written'],
  ['journal/lock.mdb', 'made'],
  ['journal/data.mdb', 'written'],
  ['checkpoint/lock.mdb', 'written'],
  ['checkpoint/data.mdb', 'written'],
])('%s that may not be %s: one clear line that names it, and exit 2', async (name, what) => {
  const directory = newDirectory();
  await (await openWallet({ dataDir: directory, partitions: 1 })).close();
  const { uid, gid } = nobody;
  const paths = readdirSync(directory, { recursive: true, encoding: 'utf8' });
  for (const path of ['..', '.', ...paths]) {
    if (uid !== undefined) chownSync(join(directory, path), uid, gid);
  }
  const file = join(directory, 'partition-0', name);
  if (what === 'made') rmSync(file);
  const refused = what === 'made' ? dirname(file) : file;
  chmodSync(refused, 0o555);
  const { status, stderr } = spawnSync(
    process.execPath,
    [main, 'serve', '--data', directory, '--port', '0'],
    { ...nobody, encoding: 'utf8', timeout: 60_000 },
  );
  expect({ status, stderr }).toEqual({
    status: 2,
    stderr: expect.stringMatching(/^purser: .+\n$/),
  });
  expect(stderr).toContain(refused);
  chmodSync(dirname(file), 0o700);
});

test('a port in use and another number of partitions: one clear line and exit 2', async () => {
  const directory = newDirectory();
  const taken = createServer().listen(0, '127.0.0.1');
  await new Promise((done) => taken.once('listening', done));
  const { port } = taken.address() as { port: number };
  const busy = run('serve', '--data', directory, '--partitions', '1', '--port', `${port}`);
  expect(busy).toMatchObject({ code: 2, err: expect.stringMatching(/in use/) });
  taken.close();
  const other = run('serve', '--data', directory, '--partitions', '2', '--port', '0');
  expect(other).toMatchObject({ code: 2, err: expect.stringMatching(/1 partitions/) });
});

test.each(['serve', 'verify', 'backup', 'export'])('%s --help explains every option', (command) => {
  const { code, out } = run(command, '--help');
  expect(code).toBe(0);
  expect(out).toContain('--data');
  expect(out).toContain('PURSER_DATA');
});

test('keys: none, a wrong one, one without the scope, a right one', async () => {
  const keys = 'good:wallet,poor:orders';
  const server = await serve(['--data', newDirectory()], { PURSER_API_KEYS: keys });
  const call = async (key?: string): Promise<number> => {
    const headers = key === undefined ? {} : { authorization: `Bearer ${key}` };
    return (await server.post('/users', { users: ['alice'] }, headers)).status;
  };
  expect(await call()).toBe(401);
  expect(await call('bad')).toBe(401);
  expect(await call('poor')).toBe(403);
  expect(await call('good')).toBe(200);
  expect((await fetch(`${server.url}/health`)).status).toBe(200);
  expect((await fetch(`${server.url}/metrics`)).status).toBe(401);
  await server.kill();
});

test('SIGTERM: exit 0, and what was kept is there again', async () => {
  const directory = newDirectory();
  const server = await serve(['--data', directory]);
  await server.ask('/users', { users: ['alice'] });
  const body = bet('alice', 3);
  const answer = await server.ask('/transaction/bet', body);
  expect(await server.stop()).toBe(0);
  const next = await serve(['--data', directory]);
  expect(await next.ask('/transaction/bet', body)).toEqual(answer);
  expect((await fetch(`${next.url}/health`)).status).toBe(200);
  await next.kill();
});

test.skipIf(process.platform !== 'linux')(
  'the command has threads for syncs beside those that hash passwords',
  async () => {
    const threadsOf = async (file: string): Promise<number> => {
      const entry = join(main, '..', file);
      const args = [entry, 'serve', '--data', newDirectory(), '--port', '0', '--partitions', '1'];
      const { UV_THREADPOOL_SIZE: _, ...env } = process.env;
      const child = spawn(process.execPath, args, { env });
      for (let said = ''; !said.includes('listening'); ) {
        said += String((await once(child.stdout, 'data'))[0]);
      }
      const threads = readdirSync(`/proc/${child.pid}/task`).length;
      child.kill();
      await once(child, 'exit');
      return threads;
    };
    // Node's own four, instead of the cores and eight more.
    const more = availableParallelism() + 8 - 4;
    expect((await threadsOf('purser.cjs')) - (await threadsOf('main.js'))).toBe(more);
  },
);
