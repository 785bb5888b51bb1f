import { MessageChannel } from 'node:worker_threads';

/** A turn in which so much was done may be one of those that immediates wait long for. */
const LONG_TURN_STEPS = 64;

/**
 * Calls back once everything that was ready before has been read, in the order of the calls.
 *
 * `setImmediate` alone would not do: while 1,024 sockets are ready at a time, libuv polls up to 48
 * times before it comes to immediates, which with many connections is seconds. A message to
 * oneself is one more ready thing, and has its place among the others. It costs some 10 µs, so it
 * is sent only in a turn that has become long.
 */
export class TurnEnd {
  readonly #channel = new MessageChannel();
  #callbacks: (() => void)[] = [];
  #turn = 0;
  #steps = 0;

  constructor() {
    const { port1, port2 } = this.#channel;
    port1.on('message', (ending: number) => this.#end(ending));
    // The immediate keeps the process alive for as long as anything waits here.
    port1.unref();
    port2.unref();
  }

  call(callback: () => void): void {
    this.#callbacks.push(callback);
    if (this.#callbacks.length > 1) return;
    this.#turn += 1;
    this.#steps = 0;
    setImmediate((ending: number) => this.#end(ending), this.#turn);
  }

  /** Whoever waits for the end of a turn tells of everything that it does in it. */
  step(): void {
    this.#steps += 1;
    if (this.#steps === LONG_TURN_STEPS) this.#channel.port2.postMessage(this.#turn);
  }

  /** Whichever comes first; the other one belongs to a turn that is over. */
  #end(ending: number): void {
    if (ending !== this.#turn || this.#callbacks.length === 0) return;
    const due = this.#callbacks;
    this.#callbacks = [];
    for (const callback of due) callback();
  }

  /** What waits is still called back. */
  close(): void {
    this.#channel.port1.close();
  }
}
