import { Packr } from 'msgpackr';
import { countMembers } from './members.js';
import { malformed, scanMessagePack } from './messagepack-scan.js';

// Integers of 64 bits become numbers; the inexact ones stay beyond 2^53-1, which no amount accepts.
const packr = new Packr({ useRecords: false, mapsAsObjects: true, int64AsType: 'number' });

/**
 * Reads a MessagePack body under the rules of `parseJson`: only what JSON has too (no binary, no
 * extension, maps with text as names, each name once), UTF-8, and a bounded nesting.
 */
export function parseMessagePack(bytes: Buffer): unknown {
  const members = scanMessagePack(bytes);
  const value: unknown = packr.unpack(bytes);
  if (countMembers(value) !== members) throw malformed('a member is there twice');
  return value;
}

/** Writes an answer: no undefined member, and every whole number as an integer. */
export function formatMessagePack(value: unknown): Buffer {
  return packr.pack(plain(value));
}

function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  // msgpackr writes a number of more than 32 bits as a float, which a typed reader refuses.
  if (Number.isSafeInteger(value) && !isShort(value)) return BigInt(Number(value));
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  return Object.fromEntries(members.map(([name, member]) => [name, plain(member)]));
}

function isShort(value: unknown): boolean {
  return Math.abs(Number(value)) < 2 ** 31;
}
