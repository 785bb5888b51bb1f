import { setTimeout as wait } from 'node:timers/promises';
import { Histogram, type Told } from '../load/histogram.js';
import { type Answer, Line } from '../load/line.js';
import { type Made, Mix } from './mix.js';

/**
 * The load of the soak, in a process of its own: a constant number of requests a second, whether or
 * not answers came. A duration counts from when the request was due.
 */
export type ToClient =
  | { readonly kind: 'start'; readonly port: number; readonly rate: number }
  | { readonly kind: 'report' };

/** What happened since the last report. */
export interface Report {
  readonly answered: number;
  /** Entries that the accepted ones made. */
  readonly entries: number;
  /** Refusals of the rules, such as a rollback of what was rolled back. */
  readonly refused: number;
  /** Nothing was done, for want of time: the machine had something else to do. */
  readonly overloaded: number;
  readonly faults: readonly string[];
  readonly durations: Told;
}

const TICK_MS = 2;
const LINES = 256;
const FAULTS_TOLD = 5;

const mix = new Mix();
let durations = new Histogram();
let [answered, entries, refused, overloaded] = [0, 0, 0, 0];
let faults: string[] = [];

function count(made: Made, due: number, answer: Answer | undefined): void {
  durations.add(performance.now() - due);
  answered += 1;
  const { status, body } = answer ?? { status: 0, body: 'no answer' };
  const isGranted = status >= 200 && status < 300 && !body.includes('"RS_ERROR');
  if (isGranted) entries += made.entries;
  else if (status >= 200 && status < 500) refused += 1;
  else if (status === 503 && body.includes('"overloaded"')) overloaded += 1;
  else if (faults.length < FAULTS_TOLD) faults.push(`${made.kind}: ${status} ${body}`);
}

async function run(port: number, rate: number): Promise<never> {
  const lines = await Promise.all(Array.from({ length: LINES }, () => Line.open(port)));
  const begun = performance.now();
  for (let sent = 0, turn = 0; ; ) {
    const now = performance.now();
    for (; begun + (sent * 1_000) / rate <= now; sent++) {
      const due = begun + (sent * 1_000) / rate;
      const made = mix.next();
      lines[turn++ % LINES]?.send(made.text, (answer) => count(made, due, answer));
    }
    await wait(TICK_MS);
  }
}

function report(): Report {
  const counts = { answered, entries, refused, overloaded };
  const told = { ...counts, faults, durations: { ...durations } };
  [answered, entries, refused, overloaded] = [0, 0, 0, 0];
  [faults, durations] = [[], new Histogram()];
  return told;
}

process.on('message', (message: ToClient) => {
  if (message.kind === 'start') void run(message.port, message.rate);
  process.send?.(report());
});
