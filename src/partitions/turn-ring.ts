import assert from 'node:assert/strict';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { limits } from '../limits.js';
import type { TurnResult, TurnTask } from './slots.js';

/**
 * Turns on their way to a partition's thread, and word of their end on the way back, in memory that
 * both sides share. A side sleeps until the other moves its counter, which costs half of what a
 * task of piscina does (decision 012).
 *
 * R1 Each counter is moved by one side, after what it counts was written.
 * R2 No more turns are under way than there are places.
 * R3 What a turn's slot does not hold, extras or a failure, comes in a message after word of its end.
 * R4 Turns end for their callers in the order in which they were sent.
 * R5 A thread takes no turn that was sent before it began: that was meant for one that is dead.
 */
export function allocateTurnRing(): SharedArrayBuffer {
  return new SharedArrayBuffer(COUNTER_BYTES + PLACES * (TURN_FIELDS * 8 + END_FIELDS * 4));
}

/** A power of two, so that the counters may run over. */
const PLACES = 2 ** Math.ceil(Math.log2(limits.partition_batches_in_flight));
const [SENT, ENDED] = [0, 1];
const COUNTER_BYTES = 8;
/** Epoch, slot, count, bytes, time. */
const TURN_FIELDS = 5;
/** Which turn, and whether a message has the rest. */
const END_FIELDS = 2;

interface Ring {
  readonly counters: Int32Array;
  readonly turns: Float64Array;
  readonly ends: Int32Array;
}

function ringOf(shared: SharedArrayBuffer): Ring {
  const turns = new Float64Array(shared, COUNTER_BYTES, PLACES * TURN_FIELDS);
  return {
    counters: new Int32Array(shared, 0, 2),
    turns,
    ends: new Int32Array(shared, COUNTER_BYTES + turns.byteLength, PLACES * END_FIELDS),
  };
}

function placeOf(number: number): number {
  return number & (PLACES - 1);
}

function after(number: number): number {
  return (number + 1) | 0;
}

/** How a turn ended. */
export type TurnOutcome = { readonly result: TurnResult } | { readonly error: unknown };
/** R3. */
export type TurnMessage = TurnOutcome & { readonly turn: number };

interface UnderWay {
  readonly resolve: (result: TurnResult) => void;
  readonly reject: (error: unknown) => void;
  end: TurnOutcome | undefined;
}

const PLAIN: TurnOutcome = { result: { extras: [] } };
const LONGEST_INTERVAL_MS = 2 ** 31 - 1;

/** The engine's side. */
export class TurnSender {
  readonly #ring: Ring;
  readonly #underWay: (UnderWay | undefined)[] = new Array(PLACES).fill(undefined);
  /** What keeps the process alive while a thread has a turn: a wait for a counter does not. */
  readonly #alive = setInterval(() => {}, LONGEST_INTERVAL_MS).unref();
  #sent: number;
  /** The oldest turn under way; the next one, when there is none. */
  #oldest: number;
  /** How many ends were heard of. */
  #heard: number;
  #isListening = false;
  #isClosed = false;

  constructor(shared: SharedArrayBuffer) {
    this.#ring = ringOf(shared);
    this.#sent = Atomics.load(this.#ring.counters, SENT);
    this.#oldest = this.#sent;
    this.#heard = Atomics.load(this.#ring.counters, ENDED);
  }

  /** Stays pending when the thread dies. */
  run({ epoch, slot, count, bytes, time }: TurnTask): Promise<TurnResult> {
    const { counters, turns } = this.#ring;
    const place = placeOf(this.#sent);
    assert.equal(this.#underWay[place], undefined, 'R2');
    const ended = new Promise<TurnResult>((resolve, reject) => {
      this.#underWay[place] = { resolve, reject, end: undefined };
    });
    this.#alive.ref();
    turns.set([epoch, slot, count, bytes, time], place * TURN_FIELDS);
    this.#sent = after(this.#sent);
    Atomics.store(counters, SENT, this.#sent);
    Atomics.notify(counters, SENT);
    if (!this.#isListening) void this.#listen();
    return ended;
  }

  /** Until every turn has ended. */
  async #listen(): Promise<void> {
    const { counters } = this.#ring;
    this.#isListening = true;
    while (this.#heard !== this.#sent && !this.#isClosed) {
      const moved = Atomics.waitAsync(counters, ENDED, this.#heard);
      if (moved.async) await moved.value;
      this.#hearEnds();
    }
    this.#isListening = false;
  }

  #hearEnds(): void {
    const { counters, ends } = this.#ring;
    for (; this.#heard !== Atomics.load(counters, ENDED); this.#heard = after(this.#heard)) {
      const at = placeOf(this.#heard) * END_FIELDS;
      if (ends[at + 1] === 0) this.#end(ends[at] as number, PLAIN);
    }
  }

  /** Its end is heard first: else places would be written again before they were read. */
  hear(message: TurnMessage): void {
    this.#hearEnds();
    this.#end(message.turn, message);
  }

  #end(turn: number, end: TurnOutcome): void {
    const ended = this.#underWay[placeOf(turn)];
    assert.ok(ended !== undefined, 'R1: nothing ends that was not sent');
    ended.end = end;
    while (this.#settleOldest()) this.#oldest = after(this.#oldest);
    if (this.#oldest === this.#sent) this.#alive.unref();
  }

  /** R4: false when it has not ended, or there is none. */
  #settleOldest(): boolean {
    const place = placeOf(this.#oldest);
    const oldest = this.#underWay[place];
    if (oldest?.end === undefined) return false;
    this.#underWay[place] = undefined;
    if ('error' in oldest.end) oldest.reject(oldest.end.error);
    else oldest.resolve(oldest.end.result);
    return true;
  }

  close(): void {
    this.#isClosed = true;
    clearInterval(this.#alive);
    Atomics.notify(this.#ring.counters, ENDED);
  }
}

/** The thread's side: begins each turn when it comes, for as long as the thread lives. */
export async function takeTurns(
  shared: SharedArrayBuffer,
  run: (task: TurnTask) => Promise<TurnResult>,
  tell: (message: TurnMessage) => void,
): Promise<never> {
  const { counters, turns, ends } = ringOf(shared);
  const take = async (turn: number): Promise<void> => {
    const at = placeOf(turn) * TURN_FIELDS;
    const [epoch, slot, count, bytes, time] = turns.subarray(at, at + TURN_FIELDS);
    const task = { kind: 'turn', epoch, slot, count, bytes, time } as TurnTask;
    const end = await run(task).then(
      (result) => ({ turn, result }),
      (error: unknown) => ({ turn, error }),
    );
    const isPlain = 'result' in end && end.result.extras.length === 0;
    const ended = Atomics.load(counters, ENDED);
    ends.set([turn, Number(!isPlain)], placeOf(ended) * END_FIELDS);
    Atomics.store(counters, ENDED, after(ended));
    Atomics.notify(counters, ENDED);
    if (!isPlain) tell(end);
  };
  let taken = Atomics.load(counters, SENT);
  for (;;) {
    const moved = Atomics.waitAsync(counters, SENT, taken);
    // Between two turns LMDB's callbacks have theirs, and timers: else the turns that wait would all
    // be decided before the commit of the first one is heard of, and the next one begun.
    await (moved.async ? moved.value : nextTurn());
    if (taken === Atomics.load(counters, SENT)) continue;
    void take(taken);
    taken = after(taken);
  }
}
