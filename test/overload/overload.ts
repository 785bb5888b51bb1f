import { parseArgs } from 'node:util';
import { conditions } from '../../bench/support/report.js';
import { inProcess } from './in-process.js';
import { hasStrace, run, scenarios } from './scenarios.js';

/**
 * Ten times what the wallet can carry: over HTTP, in process, on one actor, and on a partition with
 * a slow disk. What is accepted should be answered within a second at p99, the rest refused at once.
 */
const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '10' },
    only: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  console.log('npm run overload -- [--seconds 10] [--only PART-OF-A-NAME]');
  process.exit(0);
}
const seconds = Number(values.seconds);
const isAsked = (name: string): boolean => {
  return values.only === undefined || name.toLowerCase().includes(values.only.toLowerCase());
};
console.log(`${conditions()}; ${seconds} s each; clients and server share the machine`);
if (!hasStrace) console.log('strace is not here: no disk is made slow');
const faults: string[] = [];
for (const scenario of scenarios) {
  if (isAsked(scenario.name)) faults.push(...(await run(scenario, seconds)));
}
if (isAsked('in process')) faults.push(...(await inProcess(seconds)));
for (const fault of faults) console.error(`FAULT ${fault}`);
console.log(faults.length === 0 ? '\nno fault' : `\n${faults.length} faults`);
process.exit(faults.length === 0 ? 0 : 1);
