import type { JournalFile, NumberedFrame } from '../../dist/partitions/journal-file.js';
import { tear } from './harm.js';
import type { World } from './world.js';

/** What the next commit of a disk does wrong. */
export type DiskFault =
  /** It fails; whether the frames are stored is left to chance. */
  | 'fails'
  /** It is written twice, as by a controller that lost the answer. */
  | 'repeats'
  /** It says that nothing was stored, as for a number that is there already. */
  | 'refuses'
  /** It returns after the watchdog has lost its patience, or never. */
  | 'hangs'
  /** It fails, or the process dies in it, and something of it is stored torn. */
  | 'tears';

const HANGS_MS = [8_000, 1e9];

/** One commit, and the two ways in which it ends badly. */
export interface Write<T> {
  store(): T;
  /** Stores it, but for something that is torn. */
  tear(): void;
  /** What it answers when it refuses. */
  refuse(): T;
}

/** An unacknowledged frame that was torn, which the engine must refuse and leave alone. */
export class TornFrame {
  readonly place: string;
  readonly number: number;
  readonly #whole: Buffer;
  readonly #torn: Buffer;
  /** Whether an opening was refused for it, with its place. */
  isRefused = false;

  constructor(partition: number, number: number, whole: Buffer, torn: Buffer) {
    this.place = `partition ${partition}, frame ${number}: `;
    this.number = number;
    this.#whole = whole;
    this.#torn = torn;
  }

  /** Whether nobody has touched it, nor what comes after it. */
  isAsItWas(frames: ReadonlyMap<number, Buffer>, last: number): boolean {
    return frames.size === last && frames.get(this.number)?.equals(this.#torn) === true;
  }

  /** What an operator does: it is whole again, or gone with all that comes after it. */
  putRight(frames: Map<number, Buffer>, isKept: boolean): void {
    if (isKept) frames.set(this.number, this.#whole);
    else for (let last = frames.size; last >= this.number; last--) frames.delete(last);
  }
}

/**
 * The disk of one partition, as LMDB with synced commits shows it: a commit is there as a whole or
 * not at all, what was acknowledged stays, and what was not may be there after a crash. Only where
 * it tears something it is worse than LMDB allows; even then what was acknowledged stays.
 */
export class Disk {
  readonly world: World;
  readonly partition: number;
  readonly frames: Map<number, Buffer> = new Map();
  readonly values: Map<string, Buffer> = new Map();
  readonly documents: Map<string, Map<string, Buffer>> = new Map();
  /** Writes that were begun; a crash leaves all of each or nothing. */
  pending: Set<Write<unknown>> = new Set();
  fault: DiskFault | undefined;
  isFull = false;
  torn: TornFrame | undefined;
  /** How many were torn so far. */
  tornFrames = 0;
  tornValues = 0;
  /** Who has it open: a former one is heard no more. */
  opened = 0;
  /** The last frame that the engine was told is stored, or that it found. */
  durable = 0;
  /** The last frame when one was torn. */
  #last = 0;
  /** Where rules of the file go that the engine broke. */
  readonly faults: string[];
  readonly #onTorn: (isCrash: boolean) => void;

  /** `onTorn` is called when something was torn: by a crash, or in a write that failed. */
  constructor(
    world: World,
    partition: number,
    faults: string[],
    onTorn: (isCrash: boolean) => void,
  ) {
    this.world = world;
    this.partition = partition;
    this.faults = faults;
    this.#onTorn = onTorn;
  }

  get last(): number {
    return this.frames.size;
  }

  /** The writes that a dead process or thread had begun come to their end, one way or the other. */
  open(): void {
    this.abandon();
    for (const write of this.pending) if (this.world.random.chance(0.5)) write.store();
    this.pending = new Set();
    if (this.torn === undefined) this.durable = this.last;
  }

  /** Whoever had it open is dead: nothing more comes from there, and nothing goes back. */
  abandon(): void {
    this.opened += 1;
  }

  /** Begins a write that ends later, unless whoever began it is dead by then. */
  write<T>(opened: number, write: Write<T>): Promise<T> {
    if (this.opened !== opened) return new Promise(() => {});
    const { random } = this.world;
    const { fault } = this;
    this.fault = undefined;
    return new Promise((resolve, reject) => {
      this.pending.add(write);
      this.world.later(fault === 'hangs' ? random.pick(HANGS_MS) : random.between(0.5, 4), () => {
        if (this.opened !== opened || !this.pending.delete(write)) return;
        if (fault === 'refuses') Promise.resolve().then(write.refuse).then(resolve, reject);
        else if (fault === 'fails' || fault === 'tears') {
          if (fault === 'tears') write.tear();
          else if (random.chance(0.5)) write.store();
          reject(new Error('EIO: i/o error, fdatasync'));
          if (fault === 'tears') this.#onTorn(random.chance(0.6));
        } else {
          if (fault === 'repeats') write.store();
          resolve(write.store());
        }
      });
    });
  }

  /** One of the frames from `first` on, which nobody was told are stored, is torn. */
  tearFrame(first: number): void {
    const { random } = this.world;
    const number = first + random.below(this.last - first + 1);
    const whole = this.frames.get(number) as Buffer;
    const torn = tear(whole, random);
    if (torn.equals(whole)) return;
    if (number <= this.durable) this.faults.push(`acknowledged frame ${number} is torn`);
    this.frames.set(number, torn);
    this.torn = new TornFrame(this.partition, number, whole, torn);
    this.#last = this.last;
    this.tornFrames += 1;
  }

  /** One value of the checkpoint is torn: it is a cache, so that costs time and no more. */
  tearValue(): void {
    const { random } = this.world;
    const maps = [this.values, ...this.documents.values()];
    const places = maps.flatMap((map) => [...map.keys()].map((key) => ({ map, key })));
    if (places.length === 0) return;
    const { map, key } = random.pick(places);
    const whole = map.get(key) as Buffer;
    const torn = tear(whole, random);
    map.set(key, torn);
    if (!torn.equals(whole)) this.tornValues += 1;
  }

  /** Somebody tried to open it: whether it did must depend on the torn frame alone. */
  wasOpened(refusal: string | undefined): void {
    const { torn } = this;
    if (torn === undefined) return;
    if (refusal?.startsWith(torn.place)) torn.isRefused = true;
    else this.faults.push(`${torn.place}is torn, but it says: ${refusal ?? 'all is well'}`);
    if (!torn.isAsItWas(this.frames, this.#last)) {
      this.faults.push(`${torn.place}was torn, and repaired in silence`);
    }
  }

  /** An operator has read the refusal, and puts the frame right. */
  putRight(): void {
    this.torn?.putRight(this.frames, this.world.random.chance(0.5));
    this.torn = undefined;
    if (this.last < this.durable) this.faults.push('an acknowledged frame is gone');
  }
}

/** The journal's file on a simulated disk. */
export class SimulatedFile implements JournalFile {
  readonly #disk: Disk;
  readonly #opened: number;
  readonly last: number;
  #isBusy = false;

  constructor(disk: Disk) {
    this.#disk = disk;
    this.#opened = disk.opened;
    this.last = disk.last;
  }

  async commit(frames: readonly NumberedFrame[]): Promise<boolean> {
    if (this.#isBusy) {
      this.#disk.faults.push('a commit began while another was in flight, or had failed');
    }
    this.#isBusy = true;
    const isNew = frames.every(({ number }, i) => number === this.#disk.last + 1 + i);
    if (!isNew) return false;
    const store = (): boolean => {
      // Only now: LMDB reads the bytes until the commit.
      for (const { number, frame } of frames) this.#disk.frames.set(number, Buffer.from(frame));
      this.#isBusy = false;
      return true;
    };
    const tear = (): void => {
      store();
      this.#disk.tearFrame(frames[0]?.number ?? 0);
    };
    const write = { store, tear, refuse: () => false };
    const isStored = await this.#disk.write(this.#opened, write);
    if (isStored) this.#disk.durable = this.#disk.last;
    return isStored;
  }

  read(number: number): Uint8Array | undefined {
    return this.#disk.frames.get(number);
  }

  hasRoom(): boolean {
    return !this.#disk.isFull;
  }

  async close(): Promise<void> {}
}
