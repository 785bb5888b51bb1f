import type { Wallet } from '../../dist/engine/wallet.js';
import { Disk, type TornFrame } from './disk.js';
import { ENDED, House, type Modules, type Plan, ThreadDeath } from './house.js';
import type { Mishap } from './script.js';
import { OUTSIDE, type World } from './world.js';

/** The process that serves the wallet, again and again, and the operator who looks after it. */
export class Process {
  readonly #world: World;
  readonly #modules: Modules;
  readonly #plan: Plan;
  readonly #faults: string[];
  readonly disks: readonly Disk[];
  #house: House | undefined;
  wallet: Promise<Wallet> = new Promise(() => {});
  /** The same, as soon as it is open. */
  #served: Wallet | undefined;
  /** Resolves when this life of the process ends. */
  ended: Promise<void> = Promise.resolve();
  #end: () => void = () => {};
  crashes = 0;
  /** Partitions that the operator waits for. */
  readonly #attending: Promise<void>[] = [];

  constructor(world: World, modules: Modules, plan: Plan, faults: string[]) {
    this.#world = world;
    this.#modules = modules;
    this.#plan = plan;
    this.#faults = faults;
    this.disks = Array.from({ length: plan.partitions }, (_, partition) => {
      return new Disk(world, partition, faults, (isCrash) => this.#torn(partition, isCrash));
    });
  }

  /** Starts it, on what the last life left. */
  start(): void {
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
    this.#house = new House(this.#world, this.#modules, this.#plan, this.disks);
    this.#served = undefined;
    const { life } = this.#world;
    this.wallet = this.#house.open();
    this.wallet.then(
      (wallet) => {
        if (life === this.#world.life) this.#served = wallet;
      },
      (error: Error) => this.#refused(error),
    );
  }

  /**
   * It did not open: for a torn frame, which is put right, or for another mishap in time; then it is
   * started again. Else it is a fault.
   */
  #refused(error: Error): void {
    const isTorn = this.disks.some(({ torn }) => torn !== undefined);
    for (const disk of this.disks) if (disk.torn?.isRefused) disk.putRight();
    const { EngineError } = this.#modules;
    if (isTorn || error instanceof EngineError || error instanceof ThreadDeath) this.restart();
    else this.#faults.push(`it does not open: ${error.message}`);
  }

  /** It ends wherever it is, and is started again. */
  restart(): void {
    for (const disk of this.disks) {
      disk.abandon();
      disk.fault = undefined;
    }
    this.#end();
    this.start();
  }

  happen({ what, partition }: Mishap): void {
    const disk = this.disks[partition] as Disk;
    if (what === 'crash') this.#crash();
    else if (what === 'rots') disk.tearValue();
    else if (what === 'thread') this.#house?.killThread(partition);
    else if (what === 'full') {
      disk.isFull = true;
      const relieve = (): void => {
        disk.isFull = false;
      };
      this.#world.later(20, relieve, OUTSIDE);
    } else disk.fault = what;
  }

  #crash(): void {
    this.crashes += 1;
    this.restart();
  }

  /** A write left something torn: the process dies of it, or a partition that cannot recover. */
  #torn(partition: number, isCrash: boolean): void {
    if (isCrash) this.#crash();
    else this.#attending.push(this.#attend(this.disks[partition] as Disk));
  }

  /** The operator waits until the partition has failed, reads where the torn frame is, and acts. */
  async #attend(disk: Disk): Promise<void> {
    const { torn, partition } = disk;
    for (let i = 0; i < 300; i++) {
      if (torn === undefined || disk.torn !== torn) return;
      const health = this.#served?.health().partitions[partition];
      if (health?.state === 'failed') {
        this.#read(disk, torn, health.reason);
        this.restart();
      }
      await this.#world.sleep(200);
    }
    this.#faults.push(`${torn?.place}is torn, and nobody hears of it`);
  }

  /** The last attempt to recover may have ended for something else: then the start says where. */
  #read(disk: Disk, torn: TornFrame, reason = 'nothing'): void {
    if (reason.startsWith(torn.place)) disk.putRight();
    else if (reason !== ENDED) this.#faults.push(`${torn.place}is torn, but it says: ${reason}`);
  }

  /** Nothing goes wrong any more, and what did is over. */
  async calm(): Promise<void> {
    for (const disk of this.disks) disk.fault = undefined;
    await this.#world.sleep(10);
    await Promise.all(this.#attending);
  }
}
