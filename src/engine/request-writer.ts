import { codeOfKind, type RequestKind } from '../ledger/vocabulary.js';
import { limits } from '../limits.js';
import type { Bytes } from '../partitions/bytes.js';
import { writeCurrency } from '../partitions/currencies.js';
import { DETAILS, endRecord, packDetail, RECORD } from '../partitions/record.js';
import { writeUser } from './command-writer.js';

/** A request or a query on its way to a partition. */
export interface RequestRecord {
  readonly kind: RequestKind | 'query';
  /** A player, or an actor of the ledger's own whose name begins with a zero byte. */
  readonly player: string;
  /** What was asked for, and what the engine knows beside it. */
  readonly args: unknown;
  readonly context?: unknown;
}

/**
 * Writes a request's record at `start`, but for its ids, and returns where the next begins; 0 when
 * it is too long: its details are bounded as those of every command.
 */
export function writeRequest(
  bytes: Bytes,
  start: number,
  { kind, player, args, context }: RequestRecord,
  currency: string,
): number {
  const { u8 } = bytes;
  for (let word = start >> 3; word < (start + RECORD.body) >> 3; word++) bytes.f64[word] = 0;
  u8[start + RECORD.kind] = codeOfKind(kind);
  writeCurrency(u8, start + RECORD.currency, currency);
  const details = writeName(u8, start + RECORD.body, player);
  u8[start + RECORD.userLength] = details - start - RECORD.body;
  const contextAt = packDetail(u8, details, DETAILS.args, args);
  if (contextAt - details >= limits.details_bytes) return 0;
  const end = packDetail(u8, contextAt, DETAILS.context, context ?? {});
  if (end - details >= limits.details_bytes) return 0;
  return endRecord(bytes, start, details, end);
}

/** Writes a name that was found to be a player's, or is the ledger's own. */
function writeName(u8: Buffer, at: number, name: string): number {
  const end = writeUser(u8, at, name);
  return end > at ? end : at + u8.write(name, at);
}
