import type { IfMatch } from '../ledger/request.js';
import { codeOfKind, type Kind, type Limits } from '../ledger/vocabulary.js';
import type { Bytes } from '../partitions/bytes.js';
import { writeCurrency } from '../partitions/currencies.js';
import { pack } from '../partitions/packing.js';
import { DETAILS, endRecord, RECORD, writeDetail } from '../partitions/record.js';
import { writeUser } from './command-writer.js';

function begin(bytes: Bytes, start: number, kind: Kind, amount: number): void {
  bytes.u8.fill(0, start, start + RECORD.body);
  bytes.u8[start + RECORD.kind] = codeOfKind(kind);
  bytes.f64[(start + RECORD.amount) >> 3] = amount;
}

function addUser({ u8 }: Bytes, start: number, user: string): number {
  const end = writeUser(u8, start + RECORD.body, user);
  u8[start + RECORD.userLength] = end - start - RECORD.body;
  return end;
}

/** Opens an account with its first balance, minor units. */
export function writeOpen(
  bytes: Bytes,
  start: number,
  user: string,
  currency: string,
  amount: number,
): number {
  begin(bytes, start, 'open', amount);
  writeCurrency(bytes.u8, start + RECORD.currency, currency);
  const end = addUser(bytes, start, user);
  return endRecord(bytes, start, end, end);
}

/** Asks for a player's state. */
export function writePlayerRead(bytes: Bytes, start: number, user: string): number {
  begin(bytes, start, 'player', 0);
  const end = addUser(bytes, start, user);
  return endRecord(bytes, start, end, end);
}

/** Sets a status; `ifMatch` is the version that the player must have. */
export function writeStatus(
  bytes: Bytes,
  start: number,
  user: string,
  disabled: boolean,
  ifMatch: IfMatch | undefined,
): number {
  begin(bytes, start, 'status', disabled ? 1 : 0);
  const details = addUser(bytes, start, user);
  return endRecord(bytes, start, details, addExpected(bytes, details, ifMatch));
}

/** Sets all limits, likewise. */
export function writeLimits(
  bytes: Bytes,
  start: number,
  user: string,
  limits: Limits,
  ifMatch: IfMatch | undefined,
): number {
  begin(bytes, start, 'limits', 0);
  const details = addUser(bytes, start, user);
  const some = Object.keys(limits).length > 0 ? limits : null;
  const end = writeDetail(bytes.u8, details, DETAILS.settings, pack(some));
  return endRecord(bytes, start, details, addExpected(bytes, end, ifMatch));
}

function addExpected({ u8 }: Bytes, at: number, if_match: IfMatch | undefined): number {
  return if_match === undefined ? at : writeDetail(u8, at, DETAILS.context, pack({ if_match }));
}

/** Asks whether the partition has an entry under an id. */
export function writeProbe(bytes: Bytes, start: number, id: Uint8Array): number {
  begin(bytes, start, 'probe', 0);
  bytes.u8.set(id, start + RECORD.transaction);
  const end = start + RECORD.body;
  return endRecord(bytes, start, end, end);
}
