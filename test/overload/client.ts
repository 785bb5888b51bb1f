import { setTimeout as wait } from 'node:timers/promises';
import { Histogram, type Told } from '../load/histogram.js';
import { type Answer, get, Line, post } from '../load/line.js';

/**
 * Offers bets at a fixed rate, whether or not answers come, over plain connections: each carries
 * one request at a time. What finds no free connection is not sent, and counted.
 */
export interface Offer {
  readonly port: number;
  readonly rate: number;
  readonly seconds: number;
  readonly lines: number;
  readonly users: readonly string[];
}

/** What came of it. */
export interface Offered {
  readonly sent: number;
  /** Due while every connection waited for an answer. */
  readonly held: number;
  readonly accepted: Told;
  readonly refused: Told;
  readonly withoutRetryAfter: number;
  readonly faults: readonly string[];
  /** When it began (Unix time), and what was accepted in each slice of time since. */
  readonly began_ms: number;
  readonly slices: readonly number[];
}

export const SLICE_MS = 100;
const TICK_MS = 2;
/** So long it waits for answers after the last request. */
const PATIENCE_MS = 15_000;
const FAULTS_TOLD = 5;
const DIGITS = 12;

class Client {
  readonly #offer: Offer;
  readonly #free: Line[];
  readonly #began_ms = Date.now();
  readonly #began = performance.now();
  readonly #accepted = new Histogram();
  readonly #refused = new Histogram();
  readonly #slices: number[] = [];
  readonly #faults: string[] = [];
  #withoutRetryAfter = 0;
  #sent = 0;
  #held = 0;

  constructor(offer: Offer, lines: readonly Line[]) {
    this.#offer = offer;
    this.#free = [...lines];
  }

  async run(): Promise<Offered> {
    const { rate, seconds, lines } = this.#offer;
    const end = this.#began + seconds * 1_000;
    for (let now = this.#began; now < end; now = performance.now()) {
      const due = ((now - this.#began) * rate) / 1_000;
      while (this.#sent + this.#held < due) this.#send();
      await wait(TICK_MS);
    }
    const given = performance.now() + PATIENCE_MS;
    while (this.#free.length < lines && performance.now() < given) await wait(TICK_MS);
    return this.#report(lines - this.#free.length);
  }

  #send(): void {
    const line = this.#free.shift();
    if (line === undefined) {
      this.#held += 1;
      return;
    }
    const { users } = this.#offer;
    const user = users[this.#sent % users.length] ?? '';
    this.#sent += 1;
    const at = performance.now();
    line.send(bet(user), (answer) => this.#take(line, at, answer));
  }

  #take(line: Line, at: number, answer: Answer | undefined): void {
    this.#free.push(line);
    const now = performance.now();
    if (answer?.status === 200 && answer.body.includes('"RS_OK"')) {
      this.#accepted.add(now - at);
      const slice = Math.floor((now - this.#began) / SLICE_MS);
      this.#slices[slice] = (this.#slices[slice] ?? 0) + 1;
    } else if (answer?.status === 503 && answer.body.includes('"overloaded"')) {
      this.#refused.add(now - at);
      if (!answer.head.includes('\nretry-after: ')) this.#withoutRetryAfter += 1;
    } else this.#fault(answer);
  }

  #fault(answer: Answer | undefined): void {
    if (this.#faults.length >= FAULTS_TOLD) return;
    this.#faults.push(answer === undefined ? 'no answer' : `${answer.status} ${answer.body}`);
  }

  #report(unanswered: number): Offered {
    if (unanswered > 0) this.#faults.push(`${unanswered} without an answer`);
    return {
      sent: this.#sent,
      held: this.#held,
      accepted: { ...this.#accepted },
      refused: { ...this.#refused },
      withoutRetryAfter: this.#withoutRetryAfter,
      faults: this.#faults,
      began_ms: this.#began_ms,
      slices: Array.from(this.#slices, (count) => count ?? 0),
    };
  }
}

let made = 0;

/** Under a fresh id; what is random about it is the process. */
function bet(user: string): string {
  const id = (++made).toString(16).padStart(DIGITS, '0');
  const series = process.pid.toString(16).padStart(8, '0');
  const ids = `"transaction_uuid":"${series}-0000-4000-8000-${id}","request_uuid":"${series}-0000-4000-8000-${id}"`;
  return post('/transaction/bet', `{"user":"${user}",${ids},"currency":"USD","amount":1}`);
}

/** A connection that the server has taken: libuv takes one a round, however many wait. */
async function opened(port: number): Promise<Line> {
  const line = await Line.open(port);
  await new Promise<void>((resolve) => line.send(get('/health'), () => resolve()));
  return line;
}

async function offer(asked: Offer): Promise<void> {
  const lines: Line[] = [];
  while (lines.length < asked.lines) lines.push(await opened(asked.port));
  const offered = await new Client(asked, lines).run();
  for (const line of lines) line.close();
  process.send?.(offered);
}

process.on('message', (asked: Offer) => void offer(asked));
