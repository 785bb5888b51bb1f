import { setInterval } from 'node:timers/promises';
import { limits } from '../limits.js';
import { askJournalRoom } from '../partitions/data-file.js';

/** By how much each journal of a wallet may grow, as it was a second ago: a disk may hang. */
export class Rooms {
  #bytes: readonly number[] = [];
  #isStopped = false;

  /** Looks into the directories of the journals, now and from now on. */
  async begin(directories: readonly string[]): Promise<void> {
    await this.#look(directories);
    void this.#watch(directories);
  }

  of(partition: number): number {
    return this.#bytes[partition] as number;
  }

  stop(): void {
    this.#isStopped = true;
  }

  async #look(directories: readonly string[]): Promise<void> {
    this.#bytes = await Promise.all(directories.map(askJournalRoom));
  }

  async #watch(directories: readonly string[]): Promise<void> {
    for await (const _ of setInterval(limits.disk_check_interval_ms, undefined, { ref: false })) {
      if (this.#isStopped) return;
      // What cannot be asked stays as it was: the partition's own thread meets that, and ends.
      await this.#look(directories).catch(() => {});
    }
  }
}
