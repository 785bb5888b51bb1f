import { limits } from '../limits.js';
import type { Answer } from './bodies.js';
import { Many } from './callers.js';
import type { BetKind, Body } from './command-writer.js';
import { EngineError } from './errors.js';
import type { Router } from './router.js';

const FULL = 'as many operations of lists wait for the partition as it answers in time';

/**
 * Lists of operations, on their way through the mailboxes.
 *
 * B1 A list is taken as a whole or refused as a whole, `overloaded`; nothing was done then.
 * B2 It is refused while so many operations of other lists have no answer in a partition that it
 *    needs that it would wait too long there. With no other, any length is taken.
 * B3 An operation waits for room in its own partition, and where another one may have its id for
 *    what that says; the rest of the list waits behind it. So a list is answered as its operations
 *    are, one after the other.
 */
export class Lists {
  readonly #router: Router;
  /** Operations without an answer in each partition, as lists are weighed. */
  readonly #open: Uint32Array;
  /** So many of them a partition may have at any pace. */
  readonly #most: number;
  readonly #begun = new Set<Promise<Answer[]>>();

  constructor(router: Router) {
    this.#router = router;
    this.#open = new Uint32Array(router.partitions);
    // The main thread reads and answers those of all partitions.
    const share = Math.floor(limits.listed_operations / router.partitions);
    this.#most = Math.max(share, limits.list_weight_operations);
  }

  /** Whether any list would be refused now. */
  get isFull(): boolean {
    return this.#open.every((_, partition) => this.#isFull(partition));
  }

  #isFull(partition: number): boolean {
    const open = this.#open[partition] as number;
    if (open === 0) return false;
    return open >= Math.min(this.#most, this.#router.partition(partition).promptCommands);
  }

  /**
   * Throws `overloaded` when there is too much before it. The array may be used again at once; its
   * elements are read when their turn comes.
   */
  send(given: readonly unknown[]): Promise<Answer[]> {
    const operations = given.slice();
    const partitions = this.#partitionsOf(operations);
    const needed = this.#weighed(partitions);
    for (const partition of needed.keys()) {
      if (this.#isFull(partition)) throw new EngineError('overloaded', FULL);
    }
    this.#weigh(needed, 1);
    const answers = this.#sendAll(operations, partitions).finally(() => {
      this.#weigh(needed, -1);
      this.#begun.delete(answers);
    });
    this.#begun.add(answers);
    return answers;
  }

  /** Resolves when every list that was taken has ended. */
  async ended(): Promise<void> {
    await Promise.allSettled([...this.#begun]);
  }

  #partitionsOf(operations: readonly unknown[]): Uint8Array {
    const partitions = new Uint8Array(operations.length);
    if (this.#open.length === 1) return partitions;
    for (let index = 0; index < operations.length; index++) {
      const user = (operations[index] as Partial<Body> | null | undefined)?.['user'];
      partitions[index] = this.#router.numberOf(user);
    }
    return partitions;
  }

  /** A long list never has all of its operations before others, so it does not weigh all of them. */
  #weighed(partitions: Uint8Array): Map<number, number> {
    const needed = new Map<number, number>();
    const most = Math.min(partitions.length, limits.list_weight_operations);
    for (let index = 0; index < most; index++) {
      const partition = partitions[index] as number;
      needed.set(partition, (needed.get(partition) ?? 0) + 1);
    }
    return needed;
  }

  #weigh(needed: ReadonlyMap<number, number>, sign: 1 | -1): void {
    for (const [partition, operations] of needed) {
      this.#open[partition] = (this.#open[partition] as number) + sign * operations;
    }
  }

  async #sendAll(operations: readonly unknown[], partitions: Uint8Array): Promise<Answer[]> {
    const answers = new Many(operations.length);
    for (let index = 0; index < operations.length; index++) {
      const number = partitions[index] as number;
      let sent = this.#send(operations[index], number, answers, index);
      while (sent === false) {
        await this.#router.partition(number).room();
        sent = this.#send(operations[index], number, answers, index);
      }
      if (sent !== true) await sent;
    }
    return answers.all;
  }

  /** False while there is no room for it, and a promise while it is held. */
  #send(
    operation: unknown,
    number: number,
    answers: Many,
    index: number,
  ): ReturnType<Router['sendListed']> {
    const body = operation as Body | null | undefined;
    const kind = kindOf(body?.['op']);
    if (kind === undefined) {
      answers.refuse(index, operation, body?.['op']);
      return true;
    }
    try {
      answers.expect(index, body as Body);
      return this.#router.sendListed(number, kind, body as Body, answers, index);
    } catch (error) {
      answers.fail(index, error as Error);
      return true;
    }
  }
}

function kindOf(op: unknown): BetKind | undefined {
  return op === 'bet' || op === 'win' || op === 'rollback' ? op : undefined;
}
