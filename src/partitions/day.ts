import { counted, dayOf } from '../ledger/daily.js';
import { type Daily, isTransaction } from '../ledger/vocabulary.js';
import { kindOf, movedOf, readEntryHead, recordOf, timeOf } from './frame.js';
import type { FrameStore } from './frame-store.js';
import { hasReference, RECORD, referenceAt } from './record.js';
import { readUuid } from './uuid.js';

/** What an account staked and won on a day, from its entries: `from` is the place of the last one. */
export function readDaily(
  frames: FrameStore,
  from: { readonly frame: number; readonly at: number },
  day: number,
): Daily {
  let daily: Daily = { day, staked: 0, won: 0 };
  // Rollbacks count for this day when what they undo is met in it.
  const undone = new Map<string, number>();
  let { frame, at } = from;
  while (frame > 0) {
    const bytes = frames.open(frame);
    if (dayOf(timeOf(bytes)) !== day) break;
    const kind = kindOf(bytes, at);
    const record = recordOf(bytes, at);
    const moved = movedOf(bytes, at);
    if (kind === 'rollback') {
      if (hasReference(bytes, record)) undone.set(readUuid(bytes.u8, referenceAt(record)), moved);
    } else if (isTransaction(kind)) {
      daily = counted(daily, kind, moved, day, day);
      const back = undone.get(readUuid(bytes.u8, record + RECORD.transaction));
      if (back !== undefined) daily = counted(daily, 'rollback', back, day, day);
    }
    const { previousFrame, previousAt } = readEntryHead(bytes, at);
    [frame, at] = [previousFrame, previousAt];
  }
  return daily;
}
