import { setTimeout as wait } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import type { TurnResult, TurnTask } from '../dist/partitions/slots.js';
import { allocateTurnRing, TurnSender, takeTurns } from '../dist/partitions/turn-ring.js';

const PLAIN: TurnResult = { extras: [] };

function turnOf(slot: number): TurnTask {
  return { kind: 'turn', epoch: 1, slot, count: slot + 1, bytes: 8 * slot, time: 1e12 + slot };
}

/** Both sides on one thread; a message comes later, as between two. */
function ends(ring: SharedArrayBuffer, run: (task: TurnTask) => Promise<TurnResult>): TurnSender {
  const sender = new TurnSender(ring);
  onTestFinished(() => sender.close());
  void takeTurns(ring, run, (message) => setTimeout(() => sender.hear(message), 20));
  return sender;
}

test('turns come as they were sent, also when the counters run over', async () => {
  const ring = allocateTurnRing();
  new Int32Array(ring, 0, 2).fill(2 ** 31 - 10);
  const taken: TurnTask[] = [];
  const sender = ends(ring, async (task) => {
    taken.push(task);
    return PLAIN;
  });
  const sent: TurnTask[] = [];
  for (let slot = 0; slot < 32; slot += 2) {
    const two = [turnOf(slot), turnOf(slot + 1)];
    sent.push(...two);
    expect(await Promise.all(two.map((task) => sender.run(task)))).toEqual([PLAIN, PLAIN]);
  }
  expect(taken).toEqual(sent);
});

test('turns end in the order in which they were sent, also those that a message tells of', async () => {
  const told: TurnResult = { extras: [{ index: 3, request: 'r' }] };
  const failure = new Error('the disk is gone');
  const sender = ends(allocateTurnRing(), async ({ slot }) => {
    await wait(10 - slot);
    if (slot === 0) return told;
    if (slot === 2) throw failure;
    return PLAIN;
  });
  const order: number[] = [];
  const turns = [0, 1, 2, 3].map((slot) => {
    return sender.run(turnOf(slot)).finally(() => order.push(slot));
  });
  const results = await Promise.allSettled(turns);
  expect(order).toEqual([0, 1, 2, 3]);
  expect(results.map((result) => (result.status === 'fulfilled' ? result.value : result.reason))) //
    .toEqual([told, PLAIN, failure, PLAIN]);
});

test('a thread takes no turn that was sent before it began', async () => {
  const ring = allocateTurnRing();
  const sender = new TurnSender(ring);
  onTestFinished(() => sender.close());
  void sender.run(turnOf(7));
  const taken: number[] = [];
  const later = new Promise<void>((resolve) => {
    void takeTurns(
      ring,
      async ({ slot }) => {
        taken.push(slot);
        resolve();
        return PLAIN;
      },
      () => {},
    );
  });
  void sender.run(turnOf(8));
  await later;
  expect(taken).toEqual([8]);
});
