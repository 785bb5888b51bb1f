import { type Operation, operationOf } from './operations.js';
import type { Parts } from './parts.js';
import { perform } from './perform.js';

/** A start as an operator does it, and then the callers' view. */
export interface Serve {
  readonly data: string;
  readonly seed: number;
  readonly answers: readonly (readonly [number: number, answer: string])[];
  readonly reads: readonly (readonly [user: string, version: number])[];
}

type Opened = Awaited<ReturnType<Parts['openWallet']>>;

/** What is wrong with it: it does not open, forgot what it told, answers otherwise, does not add up. */
export async function serve(parts: Parts, task: Serve): Promise<string | undefined> {
  const wallet = await parts.openWallet({ dataDir: task.data, partitions: 2 });
  try {
    for (const [user, version] of task.reads) {
      const found = (await wallet.players.get(user))?.version ?? 0;
      if (found < version) return `LOST: ${user} has version ${found}, told was ${version}`;
    }
    for (const [number, answer] of task.answers) {
      const fault = await sameAnswer(wallet, task.seed, operationOf(task.seed, number), answer);
      if (fault !== undefined) return fault;
    }
    const audit = await wallet.audit();
    return audit.ok ? undefined : `the audit found: ${audit.fault}`;
  } finally {
    await wallet.close();
  }
}

async function sameAnswer(
  wallet: Opened,
  seed: number,
  operation: Operation,
  answer: string,
): Promise<string | undefined> {
  const again = await perform(wallet, seed, operation);
  if (again === answer) return undefined;
  return `LOST: operation ${operation.number} was answered ${answer}, and now ${again}`;
}
