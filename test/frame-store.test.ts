import fc from 'fast-check';
import { afterAll, afterEach, beforeEach, expect, test, vi } from 'vitest';
import { limits } from '../dist/limits.js';
import { FrameStore } from '../dist/partitions/frame-store.js';
import { type Journal, openJournal } from '../dist/partitions/journal.js';
import { sealed } from './fuzz/store.js';
import { newDirectory } from './support/directory.js';

const RING_BYTES = 4096;
const HEADER_BYTES = 80;
const { recent_frames_bytes } = limits;
let read = vi.fn();

beforeEach(() => {
  Object.assign(limits, { recent_frames_bytes: RING_BYTES });
});

afterEach(() => {
  vi.restoreAllMocks();
});

afterAll(() => {
  Object.assign(limits, { recent_frames_bytes });
});

/** A frame with its number behind the header too, up to its end. */
function frameOf(number: number, words: number): Buffer {
  const frame = Buffer.alloc(HEADER_BYTES + 8 * words);
  frame.write('PRJ1');
  frame.writeDoubleLE(number, 16);
  for (let at = HEADER_BYTES; at < frame.length; at += 8) frame.writeDoubleLE(number, at);
  return sealed(frame);
}

function storeOf(frames: readonly Buffer[]): FrameStore {
  read = vi.fn((number: number) => frames[number - 1]);
  return new FrameStore({ last: frames.length, read } as unknown as Journal);
}

// A few are longer than a quarter of the ring.
const words = fc.oneof({ weight: 9, arbitrary: fc.nat(60) }, fc.nat(200));
const steps = fc.array(fc.tuple(fc.constantFrom('keep', 'open', 'open recent'), fc.nat()), {
  maxLength: 400,
  size: 'max',
});

test('a frame is what it was, however often the ring has come round', () => {
  fc.assert(
    fc.property(
      fc.array(words, { minLength: 1, maxLength: 80, size: 'max' }),
      steps,
      (all, steps) => {
        const frames = all.map((words, i) => frameOf(i + 1, words));
        const store = storeOf(frames);
        let last = 0;
        for (const [step, n] of steps) {
          const number =
            1 + ((step === 'open recent' ? Math.max(0, last - (n % 8)) : n) % frames.length);
          const frame = frames[number - 1] as Buffer;
          if (step === 'keep') store.keep(number, frame);
          const { u8 } = store.open(number);
          expect(u8.equals(frame)).toBe(true);
          last = number;
        }
      },
    ),
    { numRuns: 100 },
  );
});

test('as many of the newest are in memory as the ring has room for', () => {
  const frames = Array.from({ length: 500 }, (_, i) => frameOf(i + 1, 6));
  const store = storeOf(frames);
  const room = Math.floor(RING_BYTES / (HEADER_BYTES + 48));
  for (const [i, frame] of frames.entries()) {
    store.keep(i + 1, frame);
    for (let back = 0; back < room && back <= i; back++) store.open(i + 1 - back);
    expect(read).not.toHaveBeenCalled();
  }
  store.open(frames.length - room);
  expect(read).toHaveBeenCalledOnce();
});

test('to forget the oldest frame, the others are not gone through', () => {
  const walks = [
    vi.spyOn(Map.prototype, Symbol.iterator),
    vi.spyOn(Map.prototype, 'entries'),
    vi.spyOn(Map.prototype, 'keys'),
    vi.spyOn(Map.prototype, 'values'),
    vi.spyOn(Map.prototype, 'forEach'),
  ];
  const frames = Array.from({ length: 500 }, (_, i) => frameOf(i + 1, 6));
  const store = storeOf(frames);
  for (const walk of walks) walk.mockClear();
  for (const [i, frame] of frames.entries()) store.keep(i + 1, frame);
  const begun = walks.map((walk) => walk.mock.calls.length);
  vi.restoreAllMocks();
  // A walk begins at places that are empty, one for each frame that was forgotten lately.
  expect(begun).toEqual([0, 0, 0, 0, 0]);
});

test('what the ring has lost can be read before and after it is durable', async () => {
  const journal = openJournal(newDirectory(), { durability: 'disk' });
  const store = new FrameStore(journal);
  const frames = Array.from({ length: 40 }, (_, i) => frameOf(i + 1, 60));
  const check = (): void => {
    for (const [i, frame] of frames.entries()) {
      expect(store.open(i + 1).u8.equals(frame)).toBe(true);
    }
  };
  // One is being committed while the others wait.
  for (const [i, frame] of frames.entries()) {
    store.keep(i + 1, frame);
    void journal.append(i + 1, frame);
    if (i === 0) await Promise.resolve();
  }
  check();
  await journal.durable();
  check();
  await journal.close();
});
