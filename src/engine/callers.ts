import type { Extra, Slot } from '../partitions/slots.js';
import { answerOf, malformedAnswer } from './answers.js';
import type { Caller } from './batch.js';
import type { Answer } from './bodies.js';
import type { Body } from './command-writer.js';
import { EngineError, unavailable } from './errors.js';

/** Waits for one answer. Of the body, which the caller may use again, it keeps what that echoes. */
export class One implements Caller {
  readonly #user: unknown;
  readonly #request: unknown;
  readonly #resolve: (answer: Answer) => void;
  readonly #reject: (error: Error) => void;

  constructor(body: Body, resolve: (answer: Answer) => void, reject: (error: Error) => void) {
    this.#user = body['user'];
    this.#request = body['request_uuid'];
    this.#resolve = resolve;
    this.#reject = reject;
  }

  settle(_tag: number, slot: Slot, index: number, extra: Extra | undefined): void {
    this.#resolve(answerOf(this.#user, this.#request, slot, index, extra));
  }

  fail(_tag: number, error: Error): void {
    this.#reject(error);
  }
}

/**
 * Waits for the answers to a list, in its order, until none of its operations is under way. When
 * some failed the list fails: as they did if nothing was done, else with an unknown outcome.
 */
export class Many implements Caller {
  /** What the answers echo of the operations that were sent. */
  readonly #users: unknown[];
  readonly #requests: unknown[];
  readonly #answers: Answer[];
  readonly #failures: Error[] = [];
  #missing: number;
  #malformed = 0;
  readonly all: Promise<Answer[]>;
  #resolve: (answers: Answer[]) => void = () => {};
  #reject: (error: Error) => void = () => {};

  constructor(operations: number) {
    this.#users = new Array(operations);
    this.#requests = new Array(operations);
    this.#answers = new Array(operations);
    this.#missing = operations;
    this.all = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
      if (operations === 0) resolve([]);
    });
    // Whoever is still sending hears of a failure when it waits for all.
    this.all.catch(() => {});
  }

  /** Notes what the answer to an operation will echo. */
  expect(tag: number, body: Body): void {
    this.#users[tag] = body['user'];
    this.#requests[tag] = body['request_uuid'];
  }

  settle(tag: number, slot: Slot, index: number, extra: Extra | undefined): void {
    this.#take(tag, answerOf(this.#users[tag], this.#requests[tag], slot, index, extra));
  }

  /** Answers an element that names no operation, or one that there is not. */
  refuse(tag: number, element: unknown, op: unknown): void {
    const status = op === undefined ? 'RS_ERROR_WRONG_SYNTAX' : 'RS_ERROR_WRONG_TYPES';
    this.#malformed += 1;
    this.#take(tag, malformedAnswer(element, status));
  }

  #take(tag: number, answer: Answer): void {
    this.#answers[tag] = answer;
    this.#count();
  }

  fail(_tag: number, error: Error): void {
    this.#failures.push(error);
    this.#count();
  }

  #count(): void {
    if (--this.#missing > 0) return;
    const [failure] = this.#failures;
    if (failure === undefined) this.#resolve(this.#answers);
    else this.#reject(this.#isUndone(failure) ? failure : unavailable(PARTLY, failure));
  }

  /** Whether every operation failed, and all for the same reason. */
  #isUndone(failure: Error): boolean {
    if (this.#failures.length + this.#malformed < this.#answers.length) return false;
    return this.#failures.every((one) => codeOf(one) === codeOf(failure));
  }
}

const PARTLY = 'a part of the list may be done';

function codeOf(error: Error): string | undefined {
  return error instanceof EngineError ? error.code : undefined;
}
