import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

/** Compiles the recorder; what stands in the way, when it cannot be compiled. */
export function compileRecorder(
  root: string,
  directory: string,
): { readonly path: string } | { readonly missing: string } {
  if (process.platform !== 'linux') return { missing: 'power loss is rebuilt on Linux alone' };
  const path = join(directory, 'recorder.so');
  const source = join(root, 'test/powerloss/recorder.c');
  const options = ['-shared', '-fPIC', '-O2', '-o', path, source, '-lpthread'];
  const { status, error, stderr } = spawnSync('cc', options, { encoding: 'utf8' });
  if (status === 0) return { path };
  const reason = error === undefined ? stderr.trim() : error.message;
  return { missing: `no C compiler that works (${reason}); on Debian: apt-get install gcc` };
}
