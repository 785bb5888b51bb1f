import { setTimeout as wait } from 'node:timers/promises';
import { Histogram, type Told } from '../load/histogram.js';
import { type Answer, get, Line } from '../load/line.js';
import { countIn, slicesOf } from '../load/slices.js';
import { bets, lists, type Maker } from './requests.js';

/** Bets over plain connections, each of which carries one request at a time. */
export interface Offer {
  readonly port: number;
  readonly seconds: number;
  readonly lines: number;
  readonly users: readonly string[];
  /** Bets of one request: more than one are sent as a list. */
  readonly operations: number;
  /**
   * Requests a second, whether or not answers come; what finds no free connection is not sent, and
   * counted. Absent: each connection sends again as soon as it is answered.
   */
  readonly rate?: number;
}

/** What came of it, in requests. */
export interface Offered {
  readonly sent: number;
  /** Due while every connection waited for an answer. */
  readonly held: number;
  readonly accepted: Told;
  readonly refused: Told;
  readonly withoutRetryAfter: number;
  readonly faults: readonly string[];
  /** What was accepted in each slice of time. */
  readonly slices: readonly number[];
}

const TICK_MS = 2;
/** So long it waits for answers after the last request. */
const PATIENCE_MS = 15_000;
const FAULTS_TOLD = 5;

interface Connection {
  readonly line: Line;
  readonly maker: Maker;
}

class Client {
  readonly #offer: Offer;
  readonly #free: Connection[];
  readonly #began = performance.now();
  readonly #end: number;
  readonly #accepted = new Histogram();
  readonly #refused = new Histogram();
  readonly #slices: number[];
  readonly #faults: string[] = [];
  #withoutRetryAfter = 0;
  #sent = 0;
  #held = 0;

  constructor(offer: Offer, connections: readonly Connection[]) {
    this.#offer = offer;
    this.#free = [...connections];
    this.#end = this.#began + offer.seconds * 1_000;
    this.#slices = slicesOf(offer.seconds * 1_000);
  }

  async run(): Promise<Offered> {
    const { rate = 0, lines } = this.#offer;
    if (rate === 0) for (const connection of this.#free.splice(0)) this.#send(connection);
    for (let now = this.#began; now < this.#end; now = performance.now()) {
      const due = ((now - this.#began) * rate) / 1_000;
      while (rate > 0 && this.#sent + this.#held < due) this.#sendOnFree();
      await wait(TICK_MS);
    }
    const given = performance.now() + PATIENCE_MS;
    while (this.#free.length < lines && performance.now() < given) await wait(TICK_MS);
    return this.#report(lines - this.#free.length);
  }

  #sendOnFree(): void {
    const connection = this.#free.shift();
    if (connection === undefined) this.#held += 1;
    else this.#send(connection);
  }

  #send(connection: Connection): void {
    const { line, maker } = connection;
    this.#sent += 1;
    const at = performance.now();
    line.send(maker.next(), (answer) => void this.#take(connection, at, answer));
  }

  async #take(connection: Connection, at: number, answer: Answer | undefined): Promise<void> {
    const now = performance.now();
    this.#count(now - at, now, answer);
    // A refusal may come before the whole of its request was sent.
    await connection.line.sent();
    const isClosed = this.#offer.rate === undefined && performance.now() < this.#end;
    if (isClosed && connection.line.isOpen) this.#send(connection);
    else this.#free.push(connection);
  }

  #count(duration: number, now: number, answer: Answer | undefined): void {
    if (answer?.status === 200 && this.#isGranted(answer.body)) {
      this.#accepted.add(duration);
      countIn(this.#slices, now - this.#began);
    } else if (answer?.status === 503 && answer.body.includes('"overloaded"')) {
      this.#refused.add(duration);
      if (!answer.head.includes('\nretry-after: ')) this.#withoutRetryAfter += 1;
    } else this.#fault(answer);
  }

  #isGranted(body: string): boolean {
    return body.split('"RS_OK"').length - 1 === this.#offer.operations;
  }

  #fault(answer: Answer | undefined): void {
    if (this.#faults.length >= FAULTS_TOLD) return;
    const said = answer === undefined ? 'no answer' : `${answer.status} ${answer.body}`;
    this.#faults.push(said.slice(0, 200));
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
      slices: this.#slices,
    };
  }
}

/** A connection that the server has taken: libuv takes one a round, however many wait. */
async function opened({ port, users, operations }: Offer): Promise<Connection> {
  const line = await Line.open(port);
  await new Promise<void>((resolve) => line.send(get('/health'), () => resolve()));
  return { line, maker: operations === 1 ? bets(users) : lists(users, operations) };
}

async function offer(asked: Offer): Promise<void> {
  const connections: Connection[] = [];
  while (connections.length < asked.lines) connections.push(await opened(asked));
  const offered = await new Client(asked, connections).run();
  for (const { line } of connections) line.close();
  process.send?.(offered);
}

process.on('message', (asked: Offer) => void offer(asked));
