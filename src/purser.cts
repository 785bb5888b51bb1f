#!/usr/bin/env node
/**
 * Where the command line begins. It is CommonJS: libuv reads the size of its pool once, and loading
 * a module of the other kind has used the pool already.
 */
const os = require('node:os') as typeof import('node:os');

// Every commit holds one of its threads for a sync, and passwords are hashed on them too.
process.env['UV_THREADPOOL_SIZE'] ??= `${os.availableParallelism() + 8}`;
void import('./main.js');
