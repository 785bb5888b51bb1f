import { limits } from '../limits.js';
import type { Caller } from './batch.js';
import type { BetKind } from './command-writer.js';
import { EngineError } from './errors.js';

/** A command that waits. */
export interface Command {
  /** The partition of its user. */
  readonly number: number;
  readonly kind: BetKind;
  readonly record: Uint8Array;
  readonly caller: Caller;
  /** The caller's own number for it. */
  readonly tag: number;
  /** Whether it is an operation of a list, which waits for room. */
  readonly listed: boolean;
}

interface Waiting {
  readonly command: Command;
  /** Tells that it is on its way, or has failed. */
  readonly left: () => void;
}

/**
 * Commands that wait for another's claim on their id, and those of the same user behind them: they
 * leave one after the other, in the order in which they came.
 */
export class Held {
  readonly #send: (command: Command) => Promise<void>;
  readonly #queues = new Map<unknown, Waiting[]>();
  /** In each partition; of a list only one operation is ever held, and its bound is that of lists. */
  readonly #singles: Uint32Array;
  #ends: (() => void)[] = [];

  constructor(partitions: number, send: (command: Command) => Promise<void>) {
    this.#send = send;
    this.#singles = new Uint32Array(partitions);
  }

  /** Whether a command of the user waits. */
  has(user: unknown): boolean {
    return this.#queues.size > 0 && this.#queues.has(user);
  }

  /** How many commands wait for a partition, without operations of lists. */
  count(partition: number): number {
    return this.#singles[partition] as number;
  }

  /** Throws `overloaded` when as many commands wait for a partition as may. */
  demandRoom(partition: number): void {
    if (this.count(partition) < limits.batch_commands) return;
    throw new EngineError('overloaded', 'as many commands wait for others as may');
  }

  /** Takes a command, and resolves when it is on its way, or has failed. */
  add(user: unknown, command: Command): Promise<void> {
    this.#weigh(command, 1);
    return new Promise((left) => {
      const queue = this.#queues.get(user);
      if (queue !== undefined) queue.push({ command, left });
      else void this.#sendAll(user, [{ command, left }]);
    });
  }

  async #sendAll(user: unknown, queue: Waiting[]): Promise<void> {
    this.#queues.set(user, queue);
    for (let first = queue[0]; first !== undefined; first = queue[0]) {
      const { command, left } = first;
      await this.#send(command).catch((error: Error) => command.caller.fail(command.tag, error));
      queue.shift();
      this.#weigh(command, -1);
      left();
    }
    this.#queues.delete(user);
    if (this.#queues.size === 0) for (const go of this.#ends.splice(0)) go();
  }

  #weigh({ number, listed }: Command, sign: 1 | -1): void {
    if (!listed) this.#singles[number] = this.count(number) + sign;
  }

  /** Resolves when no command waits: they were taken, so a close lets them end. */
  async ended(): Promise<void> {
    while (this.#queues.size > 0) await new Promise<void>((resolve) => this.#ends.push(resolve));
  }
}
