import type { Op, Sent } from './history.js';
import type { Modules } from './house.js';
import type { Mishap, Script } from './script.js';
import { play, type Verdict } from './simulation.js';

const TRIES = 400;

/** A shorter history that fails too, found by leaving out operations and mishaps. */
export async function shrink(
  modules: Modules,
  failing: Script,
): Promise<{ readonly script: Script; readonly verdict: Verdict }> {
  let script = failing;
  let verdict = await play(modules, script);
  let tries = 0;
  const attempt = async (shorter: Script): Promise<boolean> => {
    const found = await play(modules, shorter);
    tries += 1;
    if (found.faults.length === 0) return false;
    script = shorter;
    verdict = found;
    return true;
  };
  for (let size = script.ops.length; size >= 1 && tries < TRIES; size = Math.floor(size / 2)) {
    for (let from = 0; from < script.ops.length && tries < TRIES; ) {
      const ops = without<Op>(script.ops, from, size);
      if (!(await attempt({ ...script, ops }))) from += size;
    }
  }
  for (let from = 0; from < script.mishaps.length; ) {
    const mishaps = without<Mishap>(script.mishaps, from, 1);
    if (!(await attempt({ ...script, mishaps }))) from += 1;
  }
  return { script, verdict };
}

function without<T>(list: readonly T[], from: number, count: number): T[] {
  return [...list.slice(0, from), ...list.slice(from + count)];
}

/** A history as a reader wants it: what goes wrong, what was asked, and what was said. */
export function tell({ plan, mishaps }: Script, { faults, sent }: Verdict): string {
  const lines = [`${plan.partitions} partitions, ${plan.dialect}, ${plan.initialBalance} each`];
  for (const { step, what, partition } of mishaps) {
    lines.push(`  after event ${step}: ${what}, partition ${partition}`);
  }
  const moments = sent.flatMap((one) => momentsOf(one));
  lines.push(...moments.toSorted((a, b) => a.at - b.at).map(({ at, words }) => `  ${at} ${words}`));
  return [...lines, ...faults.map((fault) => `FAULT ${fault}`)].join('\n');
}

function momentsOf({ op, attempts }: Sent): { readonly at: number; readonly words: string }[] {
  const { index, kind, user, to, amount, names, steals } = op;
  const name = steals === undefined ? `#${index}` : `#${index} (with the id of #${steals})`;
  const of = names === undefined ? '' : ` of #${names}`;
  const toWhom = kind === 'transfer' ? ` to ${to}` : '';
  const asked = `${name} ${kind}${of} by ${user}${toWhom}, ${amount}`;
  return attempts.flatMap(({ at, done, answer }) => {
    const question = { at, words: `${asked}?` };
    if (done === undefined || answer === undefined) return [question];
    const replay = answer.replayed ? ', replayed' : '';
    return [question, { at: done, words: `${name}: ${answer.code}, ${answer.balance}${replay}` }];
  });
}
