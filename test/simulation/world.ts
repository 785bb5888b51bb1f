import crypto from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';
import timers from 'node:timers/promises';
import workers from 'node:worker_threads';
import type { Random } from './random.js';

interface Event {
  readonly time: number;
  readonly action: () => void;
  /** The life of the process that waits for it, or OUTSIDE. */
  readonly life: number;
}

const realImmediate = setImmediate;
const real = {
  setTimeout,
  clearTimeout,
  setInterval,
  clearInterval,
  setImmediate,
  clearImmediate,
  now: Date.now,
  wait: timers.setTimeout,
  turn: timers.setImmediate,
  fill: crypto.randomFillSync,
  elapsed: performance.now,
  MessageChannel: workers.MessageChannel,
};
/** 1 November 2026, where its clock begins. */
const EPOCH_MS = 1_793_491_200_000;

/**
 * One thread, a clock that jumps from event to event, and no other source of time or chance. What
 * the engine knows as timers, immediates, the time of day and random bytes comes from here, so that
 * one seed is one history.
 */
export class World {
  readonly random: Random;
  /** Milliseconds since the beginning. */
  now = 0;
  /** Events so far. */
  steps = 0;
  /** How often the simulated process was started. */
  life = 0;
  readonly #queue: Event[] = [];

  constructor(random: Random) {
    this.random = random;
  }

  /** Lets the engine run in this world until `leave`. */
  enter(): void {
    const world = this;
    const after = (action: (...args: unknown[]) => void, ms = 0, ...args: unknown[]): object =>
      this.#timer(ms, undefined, () => action(...args));
    const every = (action: () => void, ms: number): object => this.#timer(ms, ms, action);
    const clear = (timer: unknown): void => (timer as Timer | undefined)?.cancel();
    Object.assign(globalThis, {
      setTimeout: after,
      setImmediate: (action: () => void, ...args: unknown[]) => after(action, 0, ...args),
      setInterval: every,
      clearTimeout: clear,
      clearInterval: clear,
      clearImmediate: clear,
    });
    Date.now = () => EPOCH_MS + Math.floor(this.now);
    performance.now = () => this.now;
    Object.assign(timers, {
      setTimeout: (ms: number, value: unknown, options?: { signal?: AbortSignal }) =>
        this.#wait(ms, value, options?.signal),
      setImmediate: () => this.#wait(0, undefined, undefined),
    });
    Object.assign(crypto, {
      randomFillSync: (bytes: Uint8Array) => {
        for (let i = 0; i < bytes.length; i++) bytes[i] = this.random.below(256);
      },
    });
    Object.assign(workers, {
      MessageChannel: function MessageChannel() {
        return simulatedChannel(world);
      },
    });
    syncBuiltinESMExports();
  }

  leave(): void {
    const { now, wait, turn, fill, elapsed, MessageChannel, ...globals } = real;
    Object.assign(globalThis, globals);
    Date.now = now;
    performance.now = elapsed;
    Object.assign(timers, { setTimeout: wait, setImmediate: turn });
    Object.assign(crypto, { randomFillSync: fill });
    Object.assign(workers, { MessageChannel });
    syncBuiltinESMExports();
  }

  /** Does something later; it is forgotten when the process dies first, unless it is nobody's. */
  later(ms: number, action: () => void, life: number = this.life): void {
    const event = { time: this.now + ms, action, life };
    let at = this.#queue.length;
    while (at > 0 && (this.#queue[at - 1] as Event).time > event.time) at -= 1;
    this.#queue.splice(at, 0, event);
  }

  /** A pause of somebody outside of the process. */
  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.later(ms, resolve, OUTSIDE);
    });
  }

  #timer(ms: number, again: number | undefined, action: () => void): Timer {
    const timer = new Timer();
    const fire = (): void => {
      if (timer.isCancelled) return;
      if (again !== undefined) this.later(again, fire);
      action();
    };
    this.later(ms, fire);
    return timer;
  }

  #wait(ms: number, value: unknown, signal: AbortSignal | undefined): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const timer = this.#timer(ms, undefined, () => resolve(value));
      signal?.addEventListener('abort', () => {
        timer.cancel();
        reject(new Error('aborted'));
      });
    });
  }

  /** Runs events, one at a time and each to its end, until something is done. */
  async until(work: Promise<unknown>, onStep: () => void = () => {}): Promise<void> {
    let isDone = false;
    let failure: unknown;
    work.then(
      () => {
        isDone = true;
      },
      (error: unknown) => {
        isDone = true;
        failure = error;
      },
    );
    for (;;) {
      await new Promise((resolve) => realImmediate(resolve));
      if (isDone) break;
      const event = this.#queue.shift();
      if (event === undefined) throw new Error('nothing is left to happen, and it is not done');
      if (event.life !== OUTSIDE && event.life !== this.life) continue;
      this.now = Math.max(this.now, event.time);
      this.steps += 1;
      event.action();
      onStep();
    }
    if (failure !== undefined) throw failure;
  }
}

/** A message to oneself. */
function simulatedChannel(world: World): { readonly port1: object; readonly port2: object } {
  let hear: (message: unknown) => void = () => {};
  const on = (_: string, heard: typeof hear): void => {
    hear = heard;
  };
  const postMessage = (message: unknown): void => world.later(0, () => hear(message));
  const [unref, close] = [() => {}, () => {}];
  return { port1: { on, unref, close }, port2: { postMessage, unref } };
}

/** Of events that no process waits for. */
export const OUTSIDE = -1;

class Timer {
  isCancelled = false;

  cancel(): void {
    this.isCancelled = true;
  }

  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }
}
