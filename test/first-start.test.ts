import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { openWallet } from 'purser';
import { expect, test } from 'vitest';
import { newDirectory } from './support/directory.js';
import { faultOf } from './support/fault-of.js';
import { withFaults } from './support/mutant-wallet.js';
import { main, run } from './support/server.js';

const hasStrace = spawnSync('strace', ['-V']).status === 0;

test.each([0o600, 0o700])('a file of mode %i in its place is told as what it is', async (mode) => {
  const dataDir = newDirectory();
  writeFileSync(dataDir, '', { mode });
  await expect(openWallet({ dataDir })).rejects.toThrow(/cannot be written: .*not a directory/);
});

test('a first start that was cut before its manifest had its name begins again', async () => {
  const dataDir = newDirectory();
  mkdirSync(dataDir);
  writeFileSync(join(dataDir, 'manifest.json.new'), '{ "format": 1,');
  const wallet = await openWallet({ dataDir, partitions: 1 });
  expect(await wallet.createUsers(['alice'])).toBe(1);
  await wallet.close();
});

test('a first start on a disk without room for writes makes nothing', async () => {
  const dataDir = newDirectory();
  const reserve = { find: 'disk_reserve_bytes: 256 *', replace: 'disk_reserve_bytes: 2 ** 40 *' };
  const openFull = await withFaults({ file: 'limits.js', ...reserve });
  await expect(openFull({ dataDir })).rejects.toMatchObject({
    name: 'OpenError',
    message: expect.stringMatching(/ lacks space: .+$/),
  });
  expect(readdirSync(dataDir)).toEqual([]);
  await (await openWallet({ dataDir, partitions: 1 })).close();
  await (await openFull({ dataDir })).close();
});

test('what the system refuses of a first start is told in one line', async () => {
  const dataDir = newDirectory();
  mkdirSync(join(dataDir, 'manifest.json.new'), { recursive: true });
  await expect(openWallet({ dataDir })).rejects.toMatchObject({
    name: 'OpenError',
    message: expect.stringMatching(/ cannot be served: EISDIR: .+$/),
  });
});

test.each(['', 'a'])(
  'a secret of tokens that became %j is told, and nothing is served',
  async (secret) => {
    const dataDir = newDirectory();
    await (await openWallet({ dataDir, partitions: 1 })).close();
    writeFileSync(join(dataDir, 'jwt-secret'), secret);
    const { code, err } = run('serve', '--data', dataDir, '--port', '0');
    expect(code).toBe(2);
    expect(err).toMatch(
      /^purser: .*jwt-secret cannot be used: it must have at least 32 bytes.*\n$/,
    );
  },
);

test('a directory of an older format is refused with its number', async () => {
  const dataDir = newDirectory();
  await (await openWallet({ dataDir, partitions: 1 })).close();
  const manifest = join(dataDir, 'manifest.json');
  const { format, ...rest } = JSON.parse(readFileSync(manifest, 'utf8'));
  writeFileSync(manifest, JSON.stringify({ ...rest, format: format - 1 }));
  const refused = new RegExp(`has format ${format - 1}; this version reads ${format}$`);
  await expect(openWallet({ dataDir, partitions: 1 })).rejects.toThrow(refused);
});

/** A directory with a player, and what its manifest says. */
async function withManifest(): Promise<{ dataDir: string; path: string; manifest: object }> {
  const dataDir = newDirectory();
  const wallet = await openWallet({ dataDir, partitions: 1 });
  await wallet.createUsers(['alice']);
  await wallet.close();
  const path = join(dataDir, 'manifest.json');
  return { dataDir, path, manifest: JSON.parse(readFileSync(path, 'utf8')) };
}

test('a manifest with another seed is refused by every command in one line', async () => {
  const { dataDir, path, manifest } = await withManifest();
  writeFileSync(path, JSON.stringify({ ...manifest, seed: '0123456789abcdef' }));
  const line = `purser: ${path} was changed or is damaged: it does not fit its checksum\n`;
  for (const command of ['serve', 'verify', 'backup', 'export']) {
    const more = command === 'backup' ? ['--to', `${dataDir}-copy`] : [];
    expect(run(command, '--data', dataDir, ...more)).toMatchObject({ code: 2, err: line });
  }
});

test('a manifest that is none is refused in one line', async () => {
  const { dataDir, path, manifest } = await withManifest();
  const { checksum: _, ...plain } = manifest as { readonly checksum: string };
  const others = [0, -1, 1.5, 65, '1'].map((partitions) => ({ ...plain, partitions }));
  const frames = { ...plain, frames: [-1] };
  for (const other of [null, 1, [], {}, { ...plain, seed: 'x' }, ...others, frames]) {
    writeFileSync(path, JSON.stringify(other));
    const opening = openWallet({ dataDir });
    await expect(opening, JSON.stringify(other)).rejects.toThrow(`${path} is damaged`);
  }
});

test('a manifest of a build without checksums opens, and has one when it is next written', async () => {
  const { dataDir, path, manifest } = await withManifest();
  const { checksum, ...plain } = manifest as { readonly checksum: string };
  writeFileSync(path, JSON.stringify(plain));
  const wallet = await openWallet({ dataDir });
  await wallet.createUsers(['bob']);
  await wallet.close();
  await (await openWallet({ dataDir })).close();
  expect(JSON.parse(readFileSync(path, 'utf8'))).toMatchObject({ checksum });
});

test.skipIf(!hasStrace)('the names of a new data directory are synced, upwards', () => {
  const above = dirname(newDirectory());
  const dataDir = join(above, 'made', 'too', 'data');
  const trace = join(above, 'trace');
  const options = ['-f', '-y', '-e', 'trace=fsync,rename', '-o', trace];
  const program = `import { openWallet } from ${JSON.stringify(join(dirname(main), 'index.js'))};
    await (await openWallet({ dataDir: ${JSON.stringify(dataDir)}, partitions: 1 })).close();`;
  const node = [process.execPath, '--input-type=module', '-e', program];
  expect(spawnSync('strace', [...options, ...node], { encoding: 'utf8' })).toMatchObject({
    status: 0,
  });
  const lines = readFileSync(trace, 'utf8').split('\n');
  const named = lines.findIndex((line) => line.includes('manifest.json"'));
  for (const directory of [above, join(above, 'made'), join(above, 'made', 'too')]) {
    const synced = lines.findIndex(
      (line) => line.includes(`fsync(`) && line.includes(`<${directory}>`),
    );
    expect(synced, directory).toBeGreaterThanOrEqual(0);
    expect(synced, directory).toBeLessThan(named);
  }
});

const JOURNAL = 'partition-1/journal/data.mdb';
const CHECKPOINT = 'partition-1/checkpoint/data.mdb';
const zeroes = (bytes: number) => (path: string) => writeFileSync(path, Buffer.alloc(bytes));
const firstPage = (path: string): void =>
  writeFileSync(path, readFileSync(path).fill(0, 4096, 8192));

test.each([
  ['no byte of the journal', JOURNAL, zeroes(0)],
  ['a page of the journal without its bytes', JOURNAL, zeroes(4096)],
  ['two pages of the journal without their bytes', JOURNAL, zeroes(8192)],
  ['one of the two meta pages', JOURNAL, firstPage],
  ['meta pages that name more than the file has', JOURNAL, (p: string) => truncateSync(p, 8192)],
  ['a page of the checkpoint without its bytes', CHECKPOINT, zeroes(4096)],
  ['one of the two meta pages of the checkpoint', CHECKPOINT, firstPage],
])('a first start that a power cut ended begins again: %s', async (_, file, damage) => {
  const dataDir = newDirectory();
  await (await openWallet({ dataDir, partitions: 2 })).close();
  const path = join(dataDir, 'manifest.json');
  const { frames: _frames, ...manifest } = JSON.parse(readFileSync(path, 'utf8'));
  writeFileSync(path, JSON.stringify({ ...manifest, begun: false }));
  damage(join(dataDir, file));
  const wallet = await openWallet({ dataDir });
  expect(await wallet.createUsers(['alice', 'bob', 'carol', 'dave'])).toBe(4);
  await wallet.close();
  expect(await faultOf(dataDir)).toBeUndefined();
  // Nothing is thrown away.
  const aside = file === JOURNAL ? dataDir : join(dataDir, 'partition-1');
  expect(readdirSync(aside).some((name) => /\.(cut|damaged)-/.test(name))).toBe(true);
});
