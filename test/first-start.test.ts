import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { openWallet } from 'purser';
import { expect, test } from 'vitest';
import { newDirectory } from './support/directory.js';
import { main } from './support/server.js';

const hasStrace = spawnSync('strace', ['-V']).status === 0;

test('a first start that was cut before its manifest had its name begins again', async () => {
  const dataDir = newDirectory();
  mkdirSync(dataDir);
  writeFileSync(join(dataDir, 'manifest.json.new'), '{ "format": 1,');
  const wallet = await openWallet({ dataDir, partitions: 1 });
  expect(await wallet.createUsers(['alice'])).toBe(1);
  await wallet.close();
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
