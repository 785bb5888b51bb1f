// Loaded before everything else (`node --import`). While the folder PURSER_TEST_HOOKS has a file
// `crash-before-answer` the process ends, as by kill -9, where it would begin to answer a POST:
// whatever the answer tells is done and on disk, and nobody was told.
import { existsSync } from 'node:fs';
import { ServerResponse } from 'node:http';
import { join } from 'node:path';

const file = join(process.env.PURSER_TEST_HOOKS ?? '.', 'crash-before-answer');
const { end } = ServerResponse.prototype;

ServerResponse.prototype.end = function (...args) {
  if (this.req.method === 'POST' && existsSync(file)) process.kill(process.pid, 'SIGKILL');
  return end.apply(this, args);
};
