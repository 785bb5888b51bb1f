import { run } from './cli/run.js';

process.exitCode = await run(process.argv.slice(2));
// A parent that talks to it, as that of a cluster does, would keep it from ending.
if (process.connected) process.disconnect();
