import { join } from 'node:path';
import { projectRoot } from '../support/mutant.js';
import { load } from './house.js';
import { shrink, tell } from './shrink.js';
import { play, script } from './simulation.js';

const modules = await load(join(projectRoot(import.meta.url), 'dist'));
const n = Number(process.argv[2] ?? 20),
  from = Number(process.argv[3] ?? 1);
const t = performance.now();
let bad = 0,
  steps = 0,
  crashes = 0;
for (let seed = from; seed < from + n; seed++) {
  const v = await play(modules, script(seed, 50));
  steps += v.steps;
  crashes += v.crashes;
  if (v.faults.length) {
    bad++;
    console.log(seed, v.faults.slice(0, 4));
    if (n === 1) {
      const s = await shrink(modules, script(seed, 50));
      console.log(tell(s.script, s.verdict));
    }
    if (bad > 8) break;
  }
}
console.log({ n, bad, steps, crashes, ms: performance.now() - t });
