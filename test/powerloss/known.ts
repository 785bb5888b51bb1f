import type { Step } from './history.js';
import type { Required } from './look.js';
import { entryIdOf, operationOf } from './operations.js';
import type { Reference } from './reference.js';
import { markOf } from './run.js';
import type { Mark } from './workload.js';

interface At {
  readonly partition: number;
  readonly frame: number;
}

/** What the callers of a run know, as it goes on, and which frames that needs. */
export class Known {
  readonly #seed: number;
  readonly #reference: Reference;
  readonly #entries = new Map<string, At>();
  readonly #frames: number[];
  /** Whether a wallet has opened. */
  opened = false;
  readonly #answers: (readonly [number: number, answer: string])[] = [];
  /** Bets that were rolled back, or may be: asked for again they are refused. */
  readonly #undone = new Set<number>();
  readonly #versions = new Map<string, number>();

  constructor(seed: number, reference: Reference) {
    this.#seed = seed;
    this.#reference = reference;
    this.#frames = reference.map(() => 0);
    for (const [partition, { places }] of reference.entries()) {
      for (const { id, user, version, frame } of places) {
        this.#entries.set(id, { partition, frame });
        this.#entries.set(`${user} ${version}`, { partition, frame });
      }
    }
  }

  take(step: Step): void {
    const mark = step.kind === 'note' ? markOf(step.note) : undefined;
    if (mark !== undefined) this.#learn(mark);
  }

  #learn(mark: Mark): void {
    switch (mark.kind) {
      case 'opened':
        this.opened = true;
        return;
      case 'asked': {
        const operation = operationOf(this.#seed, mark.number);
        if (operation.kind === 'rollback') this.#undone.add(operation.bet);
        return;
      }
      case 'read':
        this.#versions.set(mark.user, mark.version);
        this.#need(`${mark.user} ${mark.version}`);
        return;
      case 'answered':
        this.#answers.push([mark.number, mark.answer]);
        this.#need(entryIdOf(this.#seed, operationOf(this.#seed, mark.number)));
    }
  }

  #need(key: string): void {
    const at = this.#entries.get(key);
    if (at === undefined) throw new Error(`LOST: ${key} was told and is in no journal`);
    this.#frames[at.partition] = Math.max(this.#frames[at.partition] ?? 0, at.frame);
  }

  /** What must be answered the same again. */
  get answers(): (readonly [number: number, answer: string])[] {
    return this.#answers.filter(([number]) => !this.#undone.has(number));
  }

  get reads(): [string, number][] {
    return [...this.#versions];
  }

  get required(): Required[] {
    return this.#frames.map((frame, partition) => {
      return { frame, hash: this.#reference[partition]?.hashes[frame - 1] ?? '' };
    });
  }
}
