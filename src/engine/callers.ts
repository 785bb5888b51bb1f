import type { Extra, Slot } from '../partitions/slots.js';
import { answerOf, malformedAnswer } from './answers.js';
import type { Caller } from './batch.js';
import type { Answer } from './bodies.js';
import type { Body } from './command-writer.js';

/** Waits for one answer. */
export class One implements Caller {
  readonly #body: Body;
  readonly #resolve: (answer: Answer) => void;
  readonly #reject: (error: Error) => void;

  constructor(body: Body, resolve: (answer: Answer) => void, reject: (error: Error) => void) {
    this.#body = body;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  settle(_tag: number, slot: Slot, index: number, extra: Extra | undefined): void {
    this.#resolve(answerOf(this.#body, slot, index, extra));
  }

  fail(_tag: number, error: Error): void {
    this.#reject(error);
  }
}

/** Waits for the answers to a list, in its order; the first failure is the list's. */
export class Many implements Caller {
  readonly #bodies: readonly Body[];
  readonly #answers: Answer[];
  #missing: number;
  readonly all: Promise<Answer[]>;
  #resolve: (answers: Answer[]) => void = () => {};
  #reject: (error: Error) => void = () => {};

  constructor(bodies: readonly Body[]) {
    this.#bodies = bodies;
    this.#answers = new Array(bodies.length);
    this.#missing = bodies.length;
    this.all = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
      if (bodies.length === 0) resolve([]);
    });
    // Whoever is still sending hears of a failure when it waits for all.
    this.all.catch(() => {});
  }

  settle(tag: number, slot: Slot, index: number, extra: Extra | undefined): void {
    this.#take(tag, answerOf(this.#bodies[tag] as Body, slot, index, extra));
  }

  /** Answers an element that names no operation, or one that there is not. */
  refuse(tag: number, op: unknown): void {
    const status = op === undefined ? 'RS_ERROR_WRONG_SYNTAX' : 'RS_ERROR_WRONG_TYPES';
    this.#take(tag, malformedAnswer(this.#bodies[tag], status));
  }

  #take(tag: number, answer: Answer): void {
    this.#answers[tag] = answer;
    if (--this.#missing === 0) this.#resolve(this.#answers);
  }

  fail(_tag: number, error: Error): void {
    this.#reject(error);
  }
}
