import { readFileSync } from 'node:fs';

/** What a recorded process did; `done` is the result, absent when it was killed meanwhile. */
export type Call =
  | {
      readonly kind: 'open';
      readonly handle: number;
      readonly path: string;
      readonly creates: boolean;
      readonly truncates: boolean;
      readonly synchronous: boolean;
    }
  | {
      readonly kind: 'write';
      readonly handle: number;
      readonly at: number;
      readonly bytes: Buffer;
      readonly synchronous: boolean;
    }
  | { readonly kind: 'sync'; readonly handle: number }
  | { readonly kind: 'truncate'; readonly handle: number; readonly size: number }
  | { readonly kind: 'rename'; readonly from: string; readonly to: string }
  | { readonly kind: 'unlink' | 'mkdir'; readonly path: string }
  | { readonly kind: 'mark'; readonly text: string };

/** A call begins, or the call of a number has returned. */
export type Note =
  | { readonly kind: 'begin'; readonly number: number; readonly call: Call }
  | { readonly kind: 'end'; readonly number: number; readonly result: number };

/** As in recorder.c. */
const CALLS = [
  '',
  'end',
  'open',
  'write',
  'sync',
  'truncate',
  'rename',
  'unlink',
  'mkdir',
  'mark',
  'unknown',
] as const;
const FLAGS = { created: 1, truncated: 2, synchronous: 4 };
const HEAD_BYTES = 24;

/** Reads what one process recorded. A killed one leaves a half note at the end, which is nothing. */
export function readRecording(path: string): Note[] {
  const log = readFileSync(path);
  const notes: Note[] = [];
  for (let at = 0; at + HEAD_BYTES <= log.length; ) {
    const length = log.readUInt32LE(at);
    if (at + length > log.length) break;
    notes.push(readNote(log.subarray(at, at + length)));
    at += length;
  }
  return notes;
}

function readNote(note: Buffer): Note {
  const number = note.readUInt32LE(8);
  const value = Number(note.readBigInt64LE(16));
  if (CALLS[note.readUInt16LE(4)] === 'end') return { kind: 'end', number, result: value };
  return { kind: 'begin', number, call: readCall(note, value) };
}

function readCall(note: Buffer, value: number): Call {
  const kind = CALLS[note.readUInt16LE(4)];
  const flags = note.readUInt16LE(6);
  const handle = note.readUInt32LE(12);
  const bytes = note.subarray(HEAD_BYTES);
  const synchronous = (flags & FLAGS.synchronous) !== 0;
  switch (kind) {
    case 'open': {
      const creates = (flags & FLAGS.created) !== 0;
      const truncates = (flags & FLAGS.truncated) !== 0;
      return { kind, handle, path: bytes.toString(), creates, truncates, synchronous };
    }
    case 'write':
      return { kind, handle, at: value, bytes, synchronous };
    case 'sync':
      return { kind, handle };
    case 'truncate':
      return { kind, handle, size: value };
    case 'rename': {
      const [from = '', to = ''] = bytes.toString().split('\0');
      return { kind, from, to };
    }
    case 'unlink':
    case 'mkdir':
      return { kind, path: bytes.toString() };
    case 'mark':
      return { kind, text: bytes.toString() };
    default:
      throw new Error(`the recording has a call that is not understood: ${bytes.toString()}`);
  }
}
