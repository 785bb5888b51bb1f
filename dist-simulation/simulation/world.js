import crypto from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';
import timers from 'node:timers/promises';
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
};
/** 1 November 2026, where its clock begins. */
const EPOCH_MS = 1_793_491_200_000;
/**
 * One thread, a clock that jumps from event to event, and no other source of time or chance. What
 * the engine knows as timers, immediates, the time of day and random bytes comes from here, so that
 * one seed is one history.
 */
export class World {
    random;
    /** Milliseconds since the beginning. */
    now = 0;
    /** Events so far. */
    steps = 0;
    /** How often the simulated process was started. */
    life = 0;
    #queue = [];
    constructor(random) {
        this.random = random;
    }
    /** Lets the engine run in this world until `leave`. */
    enter() {
        const after = (action, ms = 0, ...args) => this.#timer(ms, undefined, () => action(...args));
        const every = (action, ms) => this.#timer(ms, ms, action);
        const clear = (timer) => timer?.cancel();
        Object.assign(globalThis, {
            setTimeout: after,
            setImmediate: (action, ...args) => after(action, 0, ...args),
            setInterval: every,
            clearTimeout: clear,
            clearInterval: clear,
            clearImmediate: clear,
        });
        Date.now = () => EPOCH_MS + Math.floor(this.now);
        Object.assign(timers, {
            setTimeout: (ms, value, options) => this.#wait(ms, value, options?.signal),
            setImmediate: () => this.#wait(0, undefined, undefined),
        });
        Object.assign(crypto, {
            randomFillSync: (bytes) => {
                for (let i = 0; i < bytes.length; i++)
                    bytes[i] = this.random.below(256);
            },
        });
        syncBuiltinESMExports();
    }
    leave() {
        const { now, wait, turn, fill, ...globals } = real;
        Object.assign(globalThis, globals);
        Date.now = now;
        Object.assign(timers, { setTimeout: wait, setImmediate: turn });
        Object.assign(crypto, { randomFillSync: fill });
        syncBuiltinESMExports();
    }
    /** Does something later; it is forgotten when the process dies first, unless it is nobody's. */
    later(ms, action, life = this.life) {
        const event = { time: this.now + ms, action, life };
        let at = this.#queue.length;
        while (at > 0 && this.#queue[at - 1].time > event.time)
            at -= 1;
        this.#queue.splice(at, 0, event);
    }
    /** A pause of somebody outside of the process. */
    sleep(ms) {
        return new Promise((resolve) => {
            this.later(ms, resolve, OUTSIDE);
        });
    }
    #timer(ms, again, action) {
        const timer = new Timer();
        const fire = () => {
            if (timer.isCancelled)
                return;
            if (again !== undefined)
                this.later(again, fire);
            action();
        };
        this.later(ms, fire);
        return timer;
    }
    #wait(ms, value, signal) {
        return new Promise((resolve, reject) => {
            const timer = this.#timer(ms, undefined, () => resolve(value));
            signal?.addEventListener('abort', () => {
                timer.cancel();
                reject(new Error('aborted'));
            });
        });
    }
    /** Runs events, one at a time and each to its end, until something is done. */
    async until(work, onStep = () => { }) {
        let isDone = false;
        let failure;
        work.then(() => {
            isDone = true;
        }, (error) => {
            isDone = true;
            failure = error;
        });
        for (;;) {
            await new Promise((resolve) => realImmediate(resolve));
            if (isDone)
                break;
            const event = this.#queue.shift();
            if (event === undefined)
                throw new Error('nothing is left to happen, and it is not done');
            if (event.life !== OUTSIDE && event.life !== this.life)
                continue;
            this.now = Math.max(this.now, event.time);
            this.steps += 1;
            event.action();
            onStep();
        }
        if (failure !== undefined)
            throw failure;
    }
}
/** Of events that no process waits for. */
export const OUTSIDE = -1;
class Timer {
    isCancelled = false;
    cancel() {
        this.isCancelled = true;
    }
    ref() {
        return this;
    }
    unref() {
        return this;
    }
}
