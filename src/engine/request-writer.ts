import { type Kind, kindCodes } from '../ledger/vocabulary.js';
import { limits } from '../limits.js';
import type { Bytes } from '../partitions/bytes.js';
import { writeCurrency } from '../partitions/currencies.js';
import { DETAILS, endRecord, RECORD, writeDetail } from '../partitions/record.js';

/** A request on its way to a partition. */
export interface RequestRecord {
  readonly kind: Kind;
  /** A player, or an actor of the ledger's own whose name begins with a zero byte. */
  readonly user: string;
  readonly id: Uint8Array;
  readonly fresh: Uint8Array;
  /** Of an account that the request opens. */
  readonly currency: string;
  /** Packed: what was asked for, and what the engine knows beside it. */
  readonly args: Uint8Array;
  readonly context: Uint8Array;
}

/** Writes a request's record at `start` and returns where the next begins. */
export function writeRequest(bytes: Bytes, start: number, request: RequestRecord): number {
  const { u8 } = bytes;
  u8.fill(0, start, start + RECORD.body);
  u8[start + RECORD.kind] = kindCodes[request.kind];
  u8.set(request.id, start + RECORD.transaction);
  u8.set(request.fresh, start + RECORD.request);
  writeCurrency(u8, start + RECORD.currency, request.currency);
  const user = Buffer.from(request.user);
  u8.set(user, start + RECORD.body);
  u8[start + RECORD.userLength] = user.length;
  const details = start + RECORD.body + user.length;
  let end = writeDetail(u8, details, DETAILS.args, request.args);
  end = writeDetail(u8, end, DETAILS.context, request.context);
  return endRecord(bytes, start, details, end);
}

/** Whether a request fits: its details are bounded as those of every command. */
export function fits({ args, context }: Pick<RequestRecord, 'args' | 'context'>): boolean {
  return args.length + context.length < limits.details_bytes;
}
