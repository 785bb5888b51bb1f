import type { Wallet } from '../../dist/engine/wallet.js';
import { call } from './call.js';
import { type Answer, acceptance, type Op, type Sent } from './history.js';
import type { Modules } from './house.js';
import type { Process } from './process.js';
import type { World } from './world.js';

const PATIENCE_MS = 60_000;

/** Those who ask, and write down what they asked and heard. */
export class Clients {
  readonly #world: World;
  readonly #modules: Modules;
  readonly #process: Process;
  readonly #faults: string[];
  readonly sent: readonly Sent[];
  /** Counts what happened, in order. */
  #clock = 0;

  constructor(
    world: World,
    modules: Modules,
    process: Process,
    ops: readonly Op[],
    faults: string[],
  ) {
    this.#world = world;
    this.#modules = modules;
    this.#process = process;
    this.#faults = faults;
    this.sent = ops.map((op) => ({ op, attempts: [] }));
  }

  /** What one client does, one after the other. */
  async lane(lane: number): Promise<void> {
    for (const one of this.sent) {
      if (one.op.lane !== lane) continue;
      if (one.op.pause > 0) await this.#world.sleep(one.op.pause);
      await this.#send(one, 3);
    }
  }

  /** Sends an operation, more than once at a time if it is so planned, until it has an answer. */
  async #send(one: Sent, tries: number): Promise<void> {
    for (let i = 0; i < tries; i++) {
      const copies = Array.from({ length: i === 0 ? one.op.copies : 1 }, () => this.#attempt(one));
      if ((await Promise.all(copies)).some((isAnswered) => isAnswered)) return;
      await this.#world.sleep(this.#world.random.between(1, 10));
    }
  }

  /** Asks until there is an answer: with nothing going wrong there must be one. */
  async insist(one: Sent): Promise<void> {
    for (let i = 0; i < 20; i++) {
      if (await this.#attempt(one, PATIENCE_MS)) return;
      await this.#world.sleep(50);
    }
    this.#faults.push(`#${one.op.index} gets no answer`);
  }

  /** Sends it once; resolves to false when nobody knows what became of it. */
  async #attempt({ op, attempts }: Sent, patience = op.patience): Promise<boolean> {
    const ended = this.#process.ended.then(() => undefined);
    const wallet = await Promise.race([this.#process.wallet.catch(() => undefined), ended]);
    if (wallet === undefined) return false;
    const asking = this.#call(wallet, op);
    if (asking === undefined) return true;
    const attempt: Sent['attempts'][number] = { at: ++this.#clock };
    attempts.push(attempt);
    const answer = await Promise.race([asking, ended, this.#impatience(op, patience)]);
    if (answer === undefined) return false;
    attempt.done = ++this.#clock;
    attempt.answer = answer;
    return true;
  }

  async #impatience(op: Op, ms: number): Promise<undefined> {
    const { life } = this.#world;
    await this.#world.sleep(ms);
    if (ms >= PATIENCE_MS && life === this.#world.life) this.#hung(op);
    return undefined;
  }

  #hung({ index }: Op): void {
    const attempts = this.sent.find(({ op }) => op.index === index)?.attempts ?? [];
    const isOpen = attempts.every(({ done }) => done === undefined);
    if (isOpen) this.#faults.push(`#${index} has had no answer for ${PATIENCE_MS} ms`);
  }

  /** Undefined when it cannot be sent; resolves to undefined when its outcome is unknown. */
  #call(wallet: Wallet, op: Op): Promise<Answer | undefined> | undefined {
    const answerOf = (index: number): Answer | undefined => {
      const named = this.sent.find(({ op }) => op.index === index);
      return named === undefined ? undefined : acceptance(named);
    };
    return call(wallet, op, answerOf)?.catch((error: unknown) => {
      if (!(error instanceof this.#modules.EngineError)) {
        this.#faults.push(`#${op.index}: ${(error as Error).stack}`);
      }
      return undefined;
    });
  }
}
