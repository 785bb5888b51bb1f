import { Clients } from './clients.js';
import { type Harm, harms } from './harm.js';
import { type Line, type Seen, type Sent, withConsequences, withSilent } from './history.js';
import { type Modules, verify } from './house.js';
import { look, versionsIn } from './look.js';
import { Oracle } from './oracle.js';
import { NEWCOMERS } from './plan.js';
import { judgePrices } from './prices.js';
import { Process } from './process.js';
import { Random } from './random.js';
import type { Script } from './script.js';
import { World } from './world.js';

export interface Verdict {
  readonly faults: readonly string[];
  readonly steps: number;
  readonly crashes: number;
  readonly tornFrames: number;
  readonly tornValues: number;
  readonly attempts: number;
  readonly sent: readonly Sent[];
}

/** Lets a history happen, and judges it. */
export async function play(modules: Modules, script: Script): Promise<Verdict> {
  const run = new Run(modules, script);
  return await run.play();
}

/** A fault was seen: the rest of the history tells nothing more. */
class Stopped extends Error {}

class Run {
  readonly #modules: Modules;
  readonly #script: Script;
  readonly #world: World;
  readonly #process: Process;
  readonly #clients: Clients;
  readonly #faults: string[] = [];

  constructor(modules: Modules, script: Script) {
    this.#modules = modules;
    this.#script = script;
    this.#world = new World(new Random(script.seed));
    this.#process = new Process(this.#world, modules, script.plan, this.#faults);
    const { ops } = script;
    this.#clients = new Clients(this.#world, modules, this.#process, ops, this.#faults);
  }

  async play(): Promise<Verdict> {
    const failed = (error: unknown): void => {
      this.#faults.push(error instanceof Error ? (error.stack ?? error.message) : String(error));
    };
    this.#world.enter();
    // It would end the real process.
    process.on('unhandledRejection', failed);
    try {
      await this.#happen();
    } catch (error) {
      if (!(error instanceof Stopped)) failed(error);
    } finally {
      process.off('unhandledRejection', failed);
      this.#world.leave();
    }
    const { crashes, disks } = this.#process;
    const { sent } = this.#clients;
    return {
      faults: this.#faults,
      steps: this.#world.steps,
      crashes,
      tornFrames: disks.reduce((sum, disk) => sum + disk.tornFrames, 0),
      tornValues: disks.reduce((sum, disk) => sum + disk.tornValues, 0),
      attempts: sent.reduce((sum, { attempts }) => sum + attempts.length, 0),
      sent,
    };
  }

  async #happen(): Promise<void> {
    const world = this.#world;
    const stop = (): void => {
      if (this.#faults.length > 0) throw new Stopped();
    };
    this.#process.start();
    await world.until(this.#open(), stop);
    const first = world.steps;
    const lanes = [0, 1, 2, 3, 4, 5].map((lane) => this.#clients.lane(lane));
    const mishaps = this.#script.mishaps.toSorted((a, b) => a.step - b.step);
    await world.until(Promise.all(lanes), () => {
      stop();
      for (let next = mishaps[0]; next !== undefined; next = mishaps[0]) {
        if (world.steps - first < next.step) return;
        mishaps.shift();
        this.#process.happen(next);
      }
    });
    await world.until(this.#end(), stop);
  }

  async #open(): Promise<void> {
    const wallet = await this.#process.wallet;
    await wallet.createUsers(this.#script.users);
  }

  /** Everything is asked for again with nothing going wrong, and again after a last restart. */
  async #end(): Promise<void> {
    await this.#process.calm();
    await this.#settle(() => true);
    await this.#dieIdle();
    const before = await this.#look();
    await this.#close();
    this.#process.restart();
    await this.#settle(({ attempts }) => attempts.some(({ answer }) => answer?.ok));
    const seen = await this.#look();
    const same = JSON.stringify([...before.lines]) === JSON.stringify([...seen.lines]);
    if (!same) this.#faults.push('the histories are others after a restart');
    this.#judge(seen);
    await this.#close();
    const fault = await this.#verify();
    if (fault !== undefined) this.#faults.push(`verify: ${fault}`);
    for (const harm of harms) await this.#damage(harm);
  }

  #judge(seen: Seen): void {
    const { users, plan } = this.#script;
    const all = withConsequences(this.#clients.sent, users, plan.initialBalance);
    this.#faults.push(...judgePrices(all));
    const sent = all.filter(({ op }) => op.kind !== 'price');
    const lines = new Map<string, readonly Line[]>();
    for (const [user, own] of seen.lines) {
      lines.set(
        user,
        withSilent(
          own,
          sent.filter(({ op }) => op.user === user),
        ),
      );
    }
    const oracle = new Oracle(sent, plan.dialect === 'exwallet');
    this.#faults.push(...oracle.judge({ ...seen, lines }));
  }

  async #close(): Promise<void> {
    const wallet = await this.#process.wallet;
    await wallet.close();
  }

  #verify(): Promise<string | undefined> {
    return verify(this.#modules, this.#process.disks);
  }

  /** Whatever happens to the bytes of a frame, `verify` sees it. */
  async #damage(harm: Harm): Promise<void> {
    const { random } = this.#world;
    const { frames } = random.pick(this.#process.disks);
    const number = 1 + random.below(frames.size);
    const stored = frames.get(number) as Buffer;
    const damaged = harm(stored, random, frames);
    if (damaged.equals(stored)) return;
    frames.set(number, damaged);
    const fault = await this.#verify();
    if (fault === undefined) this.#faults.push(`frame ${number} was damaged, and nobody saw it`);
    frames.set(number, stored);
  }

  async #settle(asksFor: (one: Sent) => boolean): Promise<void> {
    for (const one of this.#clients.sent) {
      if (one.op.kind !== 'read' && one.op.kind !== 'price' && asksFor(one))
        await this.#clients.insist(one);
    }
    await this.#sums();
  }

  /** A thread that ends while nobody asks it anything is replaced. */
  async #dieIdle(): Promise<void> {
    const partition = this.#world.random.below(this.#process.disks.length);
    this.#process.happen({ step: 0, what: 'thread', partition });
    await this.#world.sleep(1_000);
    await this.#sums();
  }

  /** All money together is zero, and in the end nothing of it is on its way. */
  async #sums(): Promise<void> {
    const wallet = await this.#process.wallet;
    for (let i = 0; i < 200; i++) {
      const books = await this.#read(() => wallet.books());
      const { accounts, total } = books;
      if (total !== 0n) this.#faults.push(`the sum of all accounts is ${total}`);
      if ((accounts['transit'] ?? 0n) === 0n) return;
      await this.#world.sleep(500);
    }
    this.#faults.push('money stays in transit');
  }

  async #look(): Promise<Seen> {
    const wallet = await this.#process.wallet;
    const users = [...this.#script.users, ...NEWCOMERS];
    return await this.#read(() =>
      look(wallet, users, versionsIn(this.#modules, this.#process.disks)),
    );
  }

  /** Now and then damage of a checkpoint is met only in the end, and costs another recovery. */
  async #read<T>(ask: () => Promise<T>): Promise<T> {
    for (let i = 0; ; i++) {
      try {
        return await ask();
      } catch (error) {
        if (i === 20 || !(error instanceof this.#modules.EngineError)) throw error;
        await this.#world.sleep(500);
      }
    }
  }
}
