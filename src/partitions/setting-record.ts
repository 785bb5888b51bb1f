import assert from 'node:assert/strict';
import type { Setting } from '../ledger/players.js';
import type { BaseContext } from '../ledger/request.js';
import type { Limits } from '../ledger/vocabulary.js';
import type { Bytes } from './bytes.js';
import { unpack } from './packing.js';
import { amountOf, DETAILS, readDetail, unpackDetail } from './record.js';

/** The setting in a record: a status is its amount (1: disabled), limits are packed. */
export function settingOf(kind: 'status' | 'limits', records: Bytes, start: number): Setting {
  if (kind === 'status') return { kind, disabled: amountOf(records, start) === 1 };
  const packed = readDetail(records, start, DETAILS.settings);
  assert.ok(packed !== undefined, 'limits carry their settings');
  return { kind, limits: (unpack(packed) as Limits | null) ?? undefined };
}

/** What a setting expects of its player. */
export function expectedIn(records: Bytes, start: number): BaseContext {
  return (unpackDetail(records, start, DETAILS.context) as BaseContext | undefined) ?? {};
}
