import type { Wallet } from '../../dist/engine/wallet.js';
import { Disk } from './disk.js';
import { type Harm, harms } from './harm.js';
import { type Answer, call, type Op, type Sent } from './history.js';
import { House, type Modules, ThreadDeath, verify } from './house.js';
import { look } from './look.js';
import { Oracle, type Seen } from './oracle.js';
import { Random } from './random.js';
import type { Mishap, Script } from './script.js';
import { OUTSIDE, World } from './world.js';

export interface Verdict {
  readonly faults: readonly string[];
  readonly steps: number;
  readonly crashes: number;
  readonly attempts: number;
  readonly sent: readonly Sent[];
}

const PATIENCE_MS = 60_000;

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
  readonly #disks: readonly Disk[];
  readonly #sent: Sent[];
  readonly #faults: string[] = [];
  #house: House | undefined;
  #wallet: Promise<Wallet> = new Promise(() => {});
  /** Resolves when this life of the process ends. */
  #crashed: Promise<void> = Promise.resolve();
  #crash: () => void = () => {};
  #crashes = 0;
  #clock = 0;

  constructor(modules: Modules, script: Script) {
    this.#modules = modules;
    this.#script = script;
    this.#world = new World(new Random(script.seed));
    this.#disks = Array.from({ length: script.plan.partitions }, () => new Disk(this.#world));
    this.#sent = script.ops.map((op) => ({ op, attempts: [] }));
  }

  async play(): Promise<Verdict> {
    const world = this.#world;
    const stop = (): void => {
      if (this.#faults.length > 0) throw new Stopped();
    };
    world.enter();
    try {
      this.#start();
      await world.until(this.#open(), stop);
      const first = world.steps;
      const lanes = [0, 1, 2, 3, 4, 5].map((lane) => this.#lane(lane));
      const mishaps = this.#script.mishaps.toSorted((a, b) => b.step - a.step);
      await world.until(Promise.all(lanes), () => {
        stop();
        while (world.steps - first >= (mishaps.at(-1)?.step ?? Infinity)) {
          this.#happen(mishaps.pop() as Mishap);
        }
      });
      await world.until(this.#end(), stop);
    } catch (error) {
      if (!(error instanceof Stopped))
        this.#faults.push(error instanceof Error ? (error.stack ?? error.message) : String(error));
    } finally {
      world.leave();
    }
    for (const { violations } of this.#disks) this.#faults.push(...violations);
    const attempts = this.#sent.reduce((sum, one) => sum + one.attempts.length, 0);
    return {
      faults: this.#faults,
      steps: world.steps,
      crashes: this.#crashes,
      attempts,
      sent: this.#sent,
    };
  }

  /** Starts the process, on what the last one left. */
  #start(): void {
    this.#crashed = new Promise((resolve) => {
      this.#crash = resolve;
    });
    this.#house = new House(this.#world, this.#modules, this.#script.plan, this.#disks);
    this.#wallet = this.#house.open();
    this.#wallet.catch((error: Error) => this.#refused(error));
  }

  /** It did not open: another mishap in time, after which it is started again, or a fault. */
  #refused(error: Error): void {
    if (error instanceof this.#modules.EngineError || error instanceof ThreadDeath) this.#restart();
    else this.#fault(`it does not open: ${error.message}`);
  }

  async #open(): Promise<void> {
    const wallet = await this.#wallet;
    await wallet.createUsers(this.#script.users);
  }

  #happen({ what, partition }: Mishap): void {
    const disk = this.#disks[partition] as Disk;
    if (what === 'crash') {
      this.#crashes += 1;
      this.#restart();
    } else if (what === 'thread') this.#house?.killThread(partition);
    else if (what === 'full') {
      disk.isFull = true;
      const relieve = (): void => {
        disk.isFull = false;
      };
      this.#world.later(20, relieve, OUTSIDE);
    } else disk.fault = what;
  }

  /** The process ends wherever it is, and is started again. */
  #restart(): void {
    for (const disk of this.#disks) {
      disk.abandon();
      disk.fault = undefined;
    }
    this.#crash();
    this.#start();
  }

  async #lane(lane: number): Promise<void> {
    for (const one of this.#sent) {
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

  /** Sends it once; resolves to false when nobody knows what became of it. */
  async #attempt({ op, attempts }: Sent, patience = op.patience): Promise<boolean> {
    const crashed = this.#crashed.then(() => undefined);
    const wallet = await Promise.race([this.#wallet.catch(() => undefined), crashed]);
    if (wallet === undefined) return false;
    const asking = this.#call(wallet, op);
    if (asking === undefined) return true;
    const attempt: Sent['attempts'][number] = { at: ++this.#clock };
    attempts.push(attempt);
    const answer = await Promise.race([asking, crashed, this.#impatience(op, patience)]);
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
    const attempts = this.#sent.find(({ op }) => op.index === index)?.attempts ?? [];
    const isOpen = attempts.every(({ done }) => done === undefined);
    if (isOpen) this.#fault(`#${index} has had no answer for ${PATIENCE_MS} ms`);
  }

  /** Undefined when it cannot be sent; resolves to undefined when its outcome is unknown. */
  #call(wallet: Wallet, op: Op): Promise<Answer | undefined> | undefined {
    const handleOf = (index: number): string | undefined => {
      const attempts = this.#sent.find(({ op }) => op.index === index)?.attempts;
      return attempts?.find(({ answer }) => answer?.ok)?.answer?.handle;
    };
    return call(wallet, op, handleOf)?.catch((error: unknown) => {
      if (!(error instanceof this.#modules.EngineError)) {
        this.#fault(`#${op.index}: ${(error as Error).stack}`);
      }
      return undefined;
    });
  }

  /** Everything is asked for again with nothing going wrong, and again after a last restart. */
  async #end(): Promise<void> {
    for (const disk of this.#disks) disk.fault = undefined;
    await this.#settle(() => true);
    const before = await this.#look();
    await (await this.#wallet).close();
    this.#restart();
    await this.#settle(({ attempts }) => attempts.some(({ answer }) => answer?.ok));
    const seen = await this.#look();
    const same = JSON.stringify([...before.lines]) === JSON.stringify([...seen.lines]);
    if (!same) this.#fault('the histories are others after a restart');
    const { initialBalance } = this.#script.plan;
    this.#faults.push(...new Oracle(this.#sent, seen, initialBalance).judge());
    const fault = await verify(this.#modules, this.#disks);
    if (fault !== undefined) this.#fault(`verify: ${fault}`);
    for (const harm of harms) await this.#damage(harm);
  }

  /** Whatever happens to the bytes of a frame, `verify` sees it. */
  async #damage(harm: Harm): Promise<void> {
    const { random } = this.#world;
    const { frames } = random.pick(this.#disks);
    const number = 1 + random.below(frames.size);
    const stored = frames.get(number) as Buffer;
    const damaged = harm(stored, random, frames);
    if (damaged.equals(stored)) return;
    frames.set(number, damaged);
    const fault = await verify(this.#modules, this.#disks);
    if (fault === undefined) this.#fault(`frame ${number} was damaged, and nobody saw it`);
    frames.set(number, stored);
  }

  async #settle(asksFor: (one: Sent) => boolean): Promise<void> {
    for (const one of this.#sent) {
      if (one.op.kind === 'read' || !asksFor(one)) continue;
      await this.#insist(one);
    }
    const wallet = await this.#wallet;
    for (let i = 0; i < 200; i++) {
      const books = await wallet.books().catch((error: unknown) => {
        if (!(error instanceof this.#modules.EngineError)) throw error;
        return undefined;
      });
      await this.#world.sleep(500);
      if (books === undefined) continue;
      const { accounts, total } = books;
      if (total !== 0n) this.#fault(`the sum of all accounts is ${total}`);
      if ((accounts['transit'] ?? 0n) === 0n) return;
    }
    this.#fault('money stays in transit');
  }

  /** Asks until there is an answer: with nothing going wrong there must be one. */
  async #insist(one: Sent): Promise<void> {
    for (let i = 0; i < 20; i++) {
      if (await this.#attempt(one, PATIENCE_MS)) return;
      await this.#world.sleep(50);
    }
    this.#fault(`#${one.op.index} gets no answer`);
  }

  async #look(): Promise<Seen> {
    return look(await this.#wallet, this.#script.users);
  }

  #fault(words: string): void {
    this.#faults.push(words);
  }
}
