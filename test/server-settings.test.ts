import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { openWallet } from 'purser';
import { expect, test } from 'vitest';
import { newDirectory } from './support/directory.js';
import { main, run, serve } from './support/server.js';
import { bet } from './support/wallet-cases.js';

test('the curl that it prints makes a user and places a bet', async () => {
  const server = await serve(['--data', newDirectory(), '--currency', 'EUR']);
  const curls = server.said().match(/^curl .+$/gm) ?? [];
  expect(curls).toHaveLength(2);
  if (spawnSync('curl', ['--version']).status === 0) {
    const [made, placed] = curls.map((line) =>
      execFileSync('sh', ['-c', line], { encoding: 'utf8' }),
    );
    expect(JSON.parse(made ?? '')).toEqual({ created: 1 });
    expect(JSON.parse(placed ?? '')).toMatchObject({ status: 'RS_OK', currency: 'EUR' });
  }
  await server.kill();
});

test('the command line wins over the environment, and that over .env', async () => {
  const directory = dirname(newDirectory());
  const lines = ['PURSER_CURRENCY=CHF', 'PURSER_INITIAL_BALANCE=7', 'PURSER_DIALECT=hub88'];
  writeFileSync(join(directory, '.env'), `${lines.join('\n')}\nPURSER_DATA=from-file\n`);
  const environment = { PURSER_CURRENCY: 'EUR', PURSER_INITIAL_BALANCE: '8' };
  const server = await serve(['--currency', 'NOK'], environment, [], directory);
  await server.ask('/users', { users: ['alice'] });
  const { request_uuid } = bet('alice', 0);
  expect(await server.ask('/user/balance', { user: 'alice', request_uuid })).toMatchObject({
    currency: 'NOK',
    balance: 8,
  });
  const free = { ...bet('alice', 0), currency: 'NOK' };
  expect(await server.ask('/transaction/bet', free)).toMatchObject({ status: 'RS_OK' });
  expect(await server.stop()).toBe(0);
  expect(run('verify', '--data', join(directory, 'from-file')).code).toBe(0);
});

test('a .env in the encodings of Windows is read, or refused, and never passed over', () => {
  const directory = dirname(newDirectory());
  const verified = (bytes: string | Buffer): { status: number | null; stderr: string } => {
    writeFileSync(join(directory, '.env'), bytes);
    return spawnSync(process.execPath, [main, 'verify'], { cwd: directory, encoding: 'utf8' });
  };
  const text = '\ufeffPURSER_DATA=first\r\n';
  expect(verified(text).stderr).toBe('purser: first is no data directory of purser\n');
  expect(verified(Buffer.from(text, 'utf16le'))).toMatchObject({
    status: 2,
    stderr: 'purser: .env cannot be read: it is not UTF-8\n',
  });
});

test('a second process on the same directory: one clear line and exit 2', async () => {
  const directory = newDirectory();
  const server = await serve(['--data', directory]);
  const { code, err } = run('serve', '--data', directory, '--port', '0');
  expect(code).toBe(2);
  expect(err).toMatch(/^purser: .*in use.*\n$/);
  await server.kill();
});

test('a secret is neither logged nor told when it is malformed', async () => {
  process.env['PURSER_API_KEYS'] = 'topsecret';
  const { code, out, err } = run('serve', '--port', '0', '--data', newDirectory());
  process.env['PURSER_API_KEYS'] = 'topsecret:wallt';
  const scope = run('serve', '--port', '0', '--data', newDirectory());
  delete process.env['PURSER_API_KEYS'];
  expect([code, scope.code]).toEqual([2, 2]);
  expect(out + err + scope.out + scope.err).not.toContain('topsecret');
  expect(err).toMatch(/^purser: PURSER_API_KEYS: .+\n$/);
});

test('with requests logged no key is in the log, and stdout has one line', async () => {
  const directory = newDirectory();
  const environment = { PURSER_API_KEYS: 'topsecret:wallet', PURSER_LOG: 'info' };
  const server = await serve(['--data', directory], environment);
  let more = '';
  server.child.stdout?.on('data', (text: Buffer) => {
    more += text.toString();
  });
  await server.post('/users', { users: ['alice'] }, { authorization: 'Bearer topsecret' });
  expect(await server.stop()).toBe(0);
  expect(server.said()).toContain('"url":"/users"');
  expect(server.said()).not.toContain('topsecret');
  expect(more).toBe('');
});

test('an export whose reader leaves ends without a word', async () => {
  const dataDir = newDirectory();
  const wallet = await openWallet({ dataDir, partitions: 1 });
  await wallet.createUsers(Array.from({ length: 20_000 }, (_, index) => `user${index}`));
  await wallet.close();
  const child = spawn(process.execPath, [main, 'export', '--data', dataDir]);
  let err = '';
  child.stderr.on('data', (text: Buffer) => {
    err += text.toString();
  });
  await once(child.stdout, 'data');
  child.stdout.destroy();
  expect(await once(child, 'exit')).toEqual([0, null]);
  expect(err).toBe('');
});

test('a directory that may not be written: one clear line and exit 2', () => {
  const directory = newDirectory();
  mkdirSync(directory);
  writeFileSync(join(directory, 'note.txt'), 'not a wallet');
  const { code, err } = run('serve', '--data', directory, '--port', '0');
  expect(code).toBe(2);
  expect(err).toMatch(/^purser: .+\n$/);
});
