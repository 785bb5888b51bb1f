import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Question, Verdict } from './judge.js';

const JUDGE = fileURLToPath(new URL('./judge.js', import.meta.url));
const QUESTIONS_PER_PROCESS = 250;
const TIME_LIMIT_MS = 60_000;

/** The answer, or how the process ended over the question. */
export type Judged = Verdict | { readonly ended: string };

/** Some processes that judge; one that ends is replaced. */
export class Judges {
  readonly #dist: string;
  readonly #env: NodeJS.ProcessEnv;
  readonly #idle: Judge[] = [];
  readonly #waiting: ((judge: Judge) => void)[] = [];

  constructor(dist: string, count: number, env: Readonly<Record<string, string>>) {
    this.#dist = dist;
    this.#env = { ...process.env, ...env };
    for (let i = 0; i < count; i++) this.#idle.push(this.#start());
  }

  async ask(question: Question): Promise<Judged> {
    let judge = this.#idle.pop() ?? (await new Promise<Judge>((free) => this.#waiting.push(free)));
    const judged = await judge.ask(question);
    if ('ended' in judged || judge.asked >= QUESTIONS_PER_PROCESS) {
      judge.end();
      judge = this.#start();
    }
    const next = this.#waiting.shift();
    if (next === undefined) this.#idle.push(judge);
    else next(judge);
    return judged;
  }

  #start(): Judge {
    const how = { serialization: 'advanced', silent: true } as const;
    return new Judge(fork(JUDGE, [this.#dist], { ...how, execArgv: [], env: this.#env }));
  }

  /** When nothing is asked any more. */
  end(): void {
    for (const judge of this.#idle.splice(0)) judge.end();
  }
}

class Judge {
  readonly #child: ChildProcess;
  asked = 0;

  constructor(child: ChildProcess) {
    this.#child = child;
    child.stdout?.resume();
    child.stderr?.resume();
  }

  ask(question: Question): Promise<Judged> {
    this.asked += 1;
    return new Promise((resolve) => {
      const answered = (judged: Judged): void => {
        clearTimeout(late);
        this.#child.removeAllListeners();
        resolve(judged);
      };
      const late = setTimeout(() => answered({ ended: 'without an answer' }), TIME_LIMIT_MS);
      this.#child.once('message', (verdict: Verdict) => answered(verdict));
      this.#child.once('exit', (code, signal) => {
        answered({ ended: signal === null ? `with exit code ${code}` : `by ${signal}` });
      });
      this.#child.send(question);
    });
  }

  end(): void {
    this.#child.removeAllListeners();
    this.#child.kill('SIGKILL');
  }
}
