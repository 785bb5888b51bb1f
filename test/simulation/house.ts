import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { ClientOptions, PartitionClient } from '../../dist/engine/partition-client.js';
import type { StartThread, Thread, ThreadOptions } from '../../dist/engine/pool.js';
import type { Wallet } from '../../dist/engine/wallet.js';
import type { Incarnation } from '../../dist/partitions/incarnation.js';
import type { Task } from '../../dist/partitions/slots.js';
import { SimulatedCheckpoints } from './checkpoints.js';
import { type Disk, SimulatedFile } from './disk.js';
import type { World } from './world.js';

/** The parts of the built package that the simulation puts together itself. */
export type Modules = Awaited<ReturnType<typeof load>>;

/** What is small here, so that a short history comes to every bound. */
const SMALL = {
  batch_commands: 8,
  batch_early_commands: 2,
  batch_full_bytes: 2 * 1024,
  details_bytes: 28 * 1024,
  batch_slot_bytes: 32 * 1024,
  mailbox_batches: 6,
  partition_batches_in_flight: 2,
  bulk_batches: 2,
  frame_full_bytes: 4 * 1024,
  recent_frames_bytes: 6 * 1024,
  checkpoint_entries: 12,
  changed_documents: 12,
  checkpoint_slice_actors: 1,
  checkpoint_slice_documents: 2,
  checkpoint_run_bytes: 256,
  resident_actors: 1,
  outbox_messages: 1,
};

/** Loads a built package, whose bounds become small. */
export async function load(dist: string) {
  const from = (path: string): Promise<unknown> => import(pathToFileURL(join(dist, path)).href);
  const { limits } = (await from('limits.js')) as typeof import('../../dist/limits.js');
  Object.assign(limits, SMALL);
  return {
    ...((await from('engine/turn-end.js')) as typeof import('../../dist/engine/turn-end.js')),
    ...((await from('engine/clock.js')) as typeof import('../../dist/engine/clock.js')),
    ...((await from(
      'engine/engine-wallet.js',
    )) as typeof import('../../dist/engine/engine-wallet.js')),
    ...((await from('engine/errors.js')) as typeof import('../../dist/engine/errors.js')),
    ...((await from(
      'engine/partition-client.js',
    )) as typeof import('../../dist/engine/partition-client.js')),
    ...((await from('engine/router.js')) as typeof import('../../dist/engine/router.js')),
    ...((await from(
      'partitions/currencies.js',
    )) as typeof import('../../dist/partitions/currencies.js')),
    ...((await from('partitions/frame.js')) as typeof import('../../dist/partitions/frame.js')),
    ...((await from(
      'partitions/request-record.js',
    )) as typeof import('../../dist/partitions/request-record.js')),
    ...((await from(
      'partitions/shared-ids.js',
    )) as typeof import('../../dist/partitions/shared-ids.js')),
    ...((await from(
      'partitions/checkpoint-store.js',
    )) as typeof import('../../dist/partitions/checkpoint-store.js')),
    ...((await from('partitions/hash.js')) as typeof import('../../dist/partitions/hash.js')),
    ...((await from(
      'partitions/incarnation.js',
    )) as typeof import('../../dist/partitions/incarnation.js')),
    ...((await from('partitions/journal.js')) as typeof import('../../dist/partitions/journal.js')),
    ...((await from('partitions/verify.js')) as typeof import('../../dist/partitions/verify.js')),
  };
}

export interface Plan {
  readonly dialect: 'exwallet' | 'hub88';
  readonly partitions: number;
  readonly initialBalance: number;
}

const SUPPLY = 1_000;
const SEED = Buffer.from('a1b2c3d4e5f60718', 'hex');

/** One life of the process: an engine over threads and disks that are simulated. */
export class House {
  readonly #world: World;
  readonly #modules: Modules;
  readonly #plan: Plan;
  readonly #disks: readonly Disk[];
  readonly #threads: (SimulatedThread | undefined)[];

  constructor(world: World, modules: Modules, plan: Plan, disks: readonly Disk[]) {
    this.#world = world;
    this.#modules = modules;
    this.#plan = plan;
    this.#disks = disks;
    this.#threads = disks.map(() => undefined);
    world.life += 1;
  }

  /** Recovers, as `openWallet` does; rejects with what keeps it from being served. */
  async open(): Promise<Wallet> {
    const { Clock, PartitionClient, Router, EngineWallet, TurnEnd } = this.#modules;
    const clock = new Clock();
    const start: StartThread = (options) => this.#start(options);
    const surroundings = { clock, start, turnEnd: new TurnEnd() };
    const partitions = this.#disks.map((_, number) => {
      return new PartitionClient(this.#options(number), surroundings);
    });
    await Promise.all(partitions.map((partition: PartitionClient) => partition.open()));
    const router = new Router(partitions, SEED);
    await router.learn();
    const settings = {
      ...this.#plan,
      dataDir: undefined,
      durability: 'disk',
      currency: 'USD',
      threadHeapMegabytes: 0,
      onProgress: undefined,
    } as const;
    const wallet = new EngineWallet(partitions, router, settings, {
      clock,
      seed: SEED,
      audit: () => Promise.reject(new Error('there is no directory')),
      room: () => Number.POSITIVE_INFINITY,
      release: async () => {},
    });
    await wallet.begin();
    return wallet;
  }

  #options(partition: number): ClientOptions {
    return {
      directory: '',
      partition,
      durability: 'disk',
      dialect: this.#plan.dialect,
      seed: SEED,
      genesisHash: genesisHash(partition),
      supply: SUPPLY,
      currency: 'USD',
      heapMegabytes: 0,
    };
  }

  #start(options: ThreadOptions): Thread {
    const disk = this.#disks[options.partition] as Disk;
    const { CheckpointFault, Incarnation, Journal } = this.#modules;
    const begin = async (): Promise<Incarnation> => {
      const incarnation = await Incarnation.begin(options, () => {
        disk.open();
        const journal = new Journal(new SimulatedFile(disk));
        return { journal, checkpoints: new SimulatedCheckpoints(disk, CheckpointFault) };
      });
      disk.wasOpened(await refusalOf(incarnation));
      return incarnation;
    };
    const thread = new SimulatedThread(this.#world, begin, () => disk.abandon());
    this.#threads[options.partition] = thread;
    return thread;
  }

  /** Ends the thread of a partition, as a crash inside of it does. */
  killThread(partition: number): void {
    this.#threads[partition]?.crash();
  }
}

/** Why it does not serve; undefined when it does. */
function refusalOf(incarnation: Incarnation): Promise<string | undefined> {
  return incarnation.run({ kind: 'hello' }).then(
    () => undefined,
    (error: Error) => error.message,
  );
}

function genesisHash(partition: number): Buffer {
  return Buffer.alloc(32, partition + 1);
}

/** What `purser verify` says of the disks; undefined when it finds nothing. */
export async function verify(
  { CheckpointFault, SharedIds, Hash, Journal, verifyJournal }: Modules,
  disks: readonly Disk[],
): Promise<string | undefined> {
  const ids = new SharedIds(new Hash(SEED));
  const watch = { frames: 1_000_000, onFrame: () => {} };
  let transit = 0n;
  for (const [partition, disk] of disks.entries()) {
    const journal = new Journal(new SimulatedFile(disk));
    const checkpoint = new SimulatedCheckpoints(disk, CheckpointFault).read();
    const genesis = genesisHash(partition);
    const plan = {
      ...{ directory: '', partition, partitions: disks.length, supply: SUPPLY },
      ...{ genesisHash: genesis, known: 0 },
      before: Number.MAX_VALUE,
    };
    const report = await verifyJournal(journal, checkpoint, plan, ids, watch);
    if (report.fault !== undefined) return report.fault;
    transit += report.books.get('transit') ?? 0n;
  }
  return ids.transit.fault(transit);
}

/** What a thread says that dies by itself. */
export const ENDED = 'the thread ended';

/** What those hear who wait for a thread that is gone. */
export class ThreadDeath extends Error {}

/** A thread whose messages take their time, in order, and which ends without a word. */
class SimulatedThread implements Thread {
  readonly #world: World;
  readonly #incarnation: Promise<Incarnation>;
  readonly #ended: () => void;
  readonly #running = new Set<(error: Error) => void>();
  #isAlive = true;
  readonly died: Promise<Error>;
  #die: (error: Error) => void = () => {};
  /** When the last message arrives, each way. */
  #there = 0;
  #back = 0;

  constructor(world: World, begin: () => Promise<Incarnation>, died: () => void) {
    this.#world = world;
    this.#ended = died;
    this.died = new Promise((resolve) => {
      this.#die = resolve;
    });
    this.#incarnation = new Promise((resolve) => {
      world.later(world.random.between(0.5, 3), () => {
        if (this.#isAlive) resolve(begin());
      });
    });
  }

  run(task: Task): Promise<unknown> {
    if (!this.#isAlive) return Promise.reject(new ThreadDeath('the thread was ended'));
    return new Promise((resolve, reject) => {
      this.#running.add(reject);
      const answer = (settle: () => void): void => {
        this.#back = this.#after(this.#back, () => {
          if (this.#running.delete(reject)) settle();
        });
      };
      this.#there = this.#after(this.#there, async () => {
        const incarnation = await this.#incarnation;
        if (!this.#isAlive) return;
        try {
          const result = await incarnation.run(task);
          answer(() => resolve(result));
        } catch (error) {
          answer(() => reject(error as Error));
        }
      });
    });
  }

  #after(last: number, action: () => void): number {
    const { now, random } = this.#world;
    const at = Math.max(last + 0.001, now + random.between(0.01, 0.3));
    this.#world.later(at - now, action);
    return at;
  }

  /** Ends as a crash inside of it does. */
  crash(): void {
    const error = new ThreadDeath(ENDED);
    this.#end(error);
    this.#world.later(this.#world.random.between(0.01, 1), () => this.#die(error));
  }

  async destroy(): Promise<void> {
    this.#end(new ThreadDeath('the thread was ended'));
    await new Promise<void>((resolve) => this.#world.later(1, resolve));
  }

  #end(error: Error): void {
    if (this.#isAlive) this.#ended();
    this.#isAlive = false;
    for (const reject of this.#running) reject(error);
    this.#running.clear();
  }
}
