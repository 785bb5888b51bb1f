#!/usr/bin/env node
/**
 * Where the command line begins. It is CommonJS: libuv reads the size of its pool once, and loading
 * a module of the other kind has used the pool already. Any Node can read it, and say that it is too old.
 */
const os = require('node:os') as typeof import('node:os');

const OLDEST = [20, 19] as const;
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);

if (major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1])) {
  process.stderr.write(
    `purser: needs Node ${OLDEST.join('.')} or newer, and this is ${process.version}\n`,
  );
  process.exitCode = 2;
} else {
  // A commit that is not small holds one of its threads for a sync, and passwords are hashed on them.
  process.env['UV_THREADPOOL_SIZE'] ??= `${os.availableParallelism() + 8}`;
  void import('./main.js');
}
