import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Part, parts, slowPart } from './parts.js';

/**
 * Inputs that nobody meant to be sent or stored: requests by structure and by bytes, MessagePack,
 * journal frames and checkpoint values. Round after round, each with the next seed.
 */
const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '5' },
    seed: { type: 'string', default: `${Date.now() % 1_000_000}` },
    only: { type: 'string', default: '' },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  console.log(`npm run fuzz -- [--minutes 5] [--seed N] [--only ${Object.keys(parts).join('|')}]`);
  process.exit(0);
}
// Of checkpoints that were damaged with intent.
process.removeAllListeners('warning');
const until = Date.now() + Number(values.minutes) * 60_000;
const tallies = new Map<string, { inputs: number; ms: number }>();
const faults: string[] = [];

async function runPart(name: string, part: Part, seed: number): Promise<void> {
  const scratch = mkdtempSync(join(tmpdir(), 'purser-fuzz-'));
  const began = Date.now();
  try {
    const tried = await part.run(scratch, { seed, runs: part.runs });
    const { inputs, ms } = tallies.get(name) ?? { inputs: 0, ms: 0 };
    tallies.set(name, { inputs: inputs + tried.inputs, ms: ms + Date.now() - began });
    for (const fault of tried.faults) {
      faults.push(fault);
      console.error(`FAULT ${fault}`);
    }
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

const chosen = Object.entries(parts).filter(([name]) => name.includes(values.only));
let seed = Number(values.seed);
const silence = values.only === '' ? runPart('silence', slowPart, seed) : undefined;
for (; Date.now() < until && faults.length === 0; seed += 1) {
  for (const [name, part] of chosen) if (Date.now() < until) await runPart(name, part, seed);
}
await silence;
console.log(
  `\nseeds ${values.seed} to ${seed - 1}\n\n| part | inputs | seconds |\n|---|---:|---:|`,
);
for (const [name, { inputs, ms }] of tallies) {
  console.log(`| ${name} | ${inputs} | ${Math.round(ms / 1_000)} |`);
}
console.log(faults.length === 0 ? '\nno fault' : `\n${faults.length} faults`);
process.exitCode = faults.length === 0 ? 0 : 1;
