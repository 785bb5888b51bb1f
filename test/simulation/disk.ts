import type { JournalFile, NumberedFrame } from '../../dist/partitions/journal-file.js';
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
  | 'hangs';

const HANGS_MS = [8_000, 1e9];

/** A write that was begun; a crash leaves all of it or nothing. */
interface Pending {
  store(): void;
}

/**
 * The disk of one partition, as LMDB with synced commits shows it: a commit is there as a whole or
 * not at all, what was acknowledged stays, and what was not may be there after a crash.
 */
export class Disk {
  readonly world: World;
  readonly frames: Map<number, Buffer> = new Map();
  readonly values: Map<string, Buffer> = new Map();
  readonly documents: Map<string, Map<string, Buffer>> = new Map();
  pending: Set<Pending> = new Set();
  fault: DiskFault | undefined;
  isFull = false;
  /** Rules of the file that the engine broke. */
  readonly violations: string[] = [];
  /** Who has it open: a former one is heard no more. */
  opened = 0;

  constructor(world: World) {
    this.world = world;
  }

  get last(): number {
    return this.frames.size;
  }

  /** The writes that a dead process or thread had begun come to their end, one way or the other. */
  open(): void {
    this.abandon();
    for (const write of this.pending) if (this.world.random.chance(0.5)) write.store();
    this.pending = new Set();
  }

  /** Whoever had it open is dead: nothing more comes from there, and nothing goes back. */
  abandon(): void {
    this.opened += 1;
  }

  /** Begins a write that ends later, unless whoever began it is dead by then. */
  write<T>(opened: number, store: () => T, failed: () => T): Promise<T> {
    if (this.opened !== opened) return new Promise(() => {});
    const { random } = this.world;
    const { fault } = this;
    this.fault = undefined;
    return new Promise((resolve, reject) => {
      const pending = { store: () => void store() };
      this.pending.add(pending);
      this.world.later(fault === 'hangs' ? random.pick(HANGS_MS) : random.between(0.5, 4), () => {
        if (this.opened !== opened || !this.pending.delete(pending)) return;
        if (fault === 'refuses') Promise.resolve().then(failed).then(resolve, reject);
        else if (fault === 'fails') {
          if (random.chance(0.5)) store();
          reject(new Error('EIO: i/o error, fdatasync'));
        } else {
          if (fault === 'repeats') store();
          resolve(store());
        }
      });
    });
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
      this.#disk.violations.push('a commit began while another was in flight, or had failed');
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
    return await this.#disk.write(this.#opened, store, () => false);
  }

  read(number: number): Uint8Array | undefined {
    return this.#disk.frames.get(number);
  }

  hasRoom(): boolean {
    return !this.#disk.isFull;
  }

  async close(): Promise<void> {}
}
