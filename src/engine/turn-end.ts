import { MessageChannel } from 'node:worker_threads';

/**
 * Calls back once everything that was ready before has been read, in the order of the calls.
 *
 * `setImmediate` alone would not do: while 1,024 sockets are ready at a time, libuv polls up to 48
 * times before it comes to immediates, which with many connections is seconds. A message to
 * oneself is one more ready thing, and has its place among the others.
 */
export function atTurnEnd(callback: () => void): void {
  callbacks.push(callback);
  if (callbacks.length > 1) return;
  turn += 1;
  setImmediate(end, turn);
  far.postMessage(turn);
}

let callbacks: (() => void)[] = [];
let turn = 0;

/** Whichever comes first; the other one belongs to a turn that is over. */
function end(ending: number): void {
  if (ending !== turn || callbacks.length === 0) return;
  const due = callbacks;
  callbacks = [];
  for (const callback of due) callback();
}

const { port1: near, port2: far } = new MessageChannel();
near.on('message', end);
// The immediate keeps the process alive for as long as anything waits here.
near.unref();
far.unref();
