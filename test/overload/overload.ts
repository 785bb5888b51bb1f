import { parseArgs } from 'node:util';
import { conditions } from '../../bench/support/report.js';
import { hasStrace, hotUser, inProcess, overHttp, slowPartition } from './scenarios.js';

/**
 * Ten times what the wallet can carry: over HTTP, in process, on one actor, and on a partition with
 * a slow disk. What is accepted should be answered within a second at p99, the rest refused at once.
 */
const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '10' },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  console.log('npm run overload -- [--seconds 10]');
  process.exit(0);
}
const seconds = Number(values.seconds);
console.log(`${conditions()}; ${seconds} s each; clients and server share the machine`);
if (!hasStrace) console.log('strace is not here: no disk is made slow');
const faults = [
  ...(await overHttp(seconds)),
  ...(await inProcess(seconds)),
  ...(await hotUser(seconds)),
  ...(hasStrace ? await slowPartition(seconds) : []),
];
for (const fault of faults) console.error(`FAULT ${fault}`);
console.log(
  faults.length === 0
    ? '\nno fault at what could be offered: ten times is more than these clients may send'
    : `\n${faults.length} faults`,
);
process.exit(faults.length === 0 ? 0 : 1);
