import type { DiskFile } from './disk-file.js';

export type Entry = DiskFile | DiskDirectory;
type Names = Map<string, Entry>;

interface UnsyncedChange {
  readonly step: number;
  readonly apply: (names: Names) => void;
}

/**
 * The names in a directory: as the processes see them, and what the disk surely has. The disk may
 * have any number of the unsynced changes, in their order.
 */
export class DiskDirectory {
  readonly seen: Names = new Map();
  readonly #durable: Names = new Map();
  #changes: UnsyncedChange[] = [];

  get unsynced(): number {
    return this.#changes.length;
  }

  set(step: number, name: string, entry: Entry): void {
    this.#change(step, (names) => names.set(name, entry));
  }

  remove(step: number, name: string): void {
    this.#change(step, (names) => names.delete(name));
  }

  rename(step: number, from: string, to: string): void {
    this.#change(step, (names) => {
      const entry = names.get(from);
      if (entry === undefined) return;
      names.delete(from);
      names.set(to, entry);
    });
  }

  #change(step: number, apply: (names: Names) => void): void {
    apply(this.seen);
    this.#changes.push({ step, apply });
  }

  synced(began: number): void {
    for (const { step, apply } of this.#changes) if (step < began) apply(this.#durable);
    this.#changes = this.#changes.filter(({ step }) => step >= began);
  }

  /** The names with the first `count` of the unsynced changes. */
  image(count: number): ReadonlyMap<string, Entry> {
    const names: Names = new Map(this.#durable);
    for (const { apply } of this.#changes.slice(0, count)) apply(names);
    return names;
  }
}
