import { type Change, change } from './request.js';
import type { Entitlement, EntitlementStatus, ItemKind } from './resources.js';
import { rfc3339 } from './rfc3339.js';

/** Documents: a lot; and how many units of an item its player has. */
export const LOT = 'l:';
const HOLDING = 'h:';

/** A lot as it is kept; times in milliseconds since 1970. */
export interface Lot {
  readonly id: string;
  readonly sku: string;
  readonly kind: ItemKind;
  readonly order: string;
  readonly granted: number;
  readonly consumed: number;
  readonly revoked: number;
  readonly created: number;
  /** Absent: it lasts for ever. */
  readonly expires?: number | undefined;
}

/** The units of one item that a player has: what "owned already" and "at most" are decided by. */
interface Holding {
  /** Units in lots that last for ever. */
  readonly units: number;
  /** Lots that end: id, units, end. */
  readonly ending: readonly (readonly [id: string, units: number, expires: number])[];
  /** Units ever granted and not revoked. */
  readonly granted: number;
}

/** Bounded: every entry about the item writes all of them again. */
export const MOST_ENDING = 1_000;

/** Whether another lot that ends would be too many. */
export function isFull({ ending }: Holding, time: number): boolean {
  return (
    ending.length >= MOST_ENDING && ending.filter(([, , at]) => at > time).length >= MOST_ENDING
  );
}

type Read = (collection: 'own', id: string) => unknown;

const NOTHING: Holding = { units: 0, ending: [], granted: 0 };

export function holdingOf(read: Read, sku: string): Holding {
  return (read('own', HOLDING + sku) as Holding | undefined) ?? NOTHING;
}

/** Units owned at a time. */
export function ownedAt({ units, ending }: Holding, time: number): number {
  return ending.reduce((sum, [, left, expires]) => sum + (expires > time ? left : 0), units);
}

/** What is left of a lot: nothing when its time is over. */
export function remainingOf(lot: Lot, time: number): number {
  const left = lot.granted - lot.consumed - lot.revoked;
  return lot.expires !== undefined && lot.expires <= time ? 0 : left;
}

/** A new lot, and what its player holds with it. */
export function grantLot(lot: Lot, holding: Holding): readonly Change[] {
  const left = lot.granted - lot.consumed;
  return [
    change(LOT + lot.id, lot),
    change(HOLDING + lot.sku, holdingWith(holding, lot, left, lot.granted)),
  ];
}

/** A lot of which some units were used or taken back, and what its player holds then. */
export function reduceLot(
  lot: Lot,
  by: { readonly consumed?: number; readonly revoked?: number },
  holding: Holding,
): readonly Change[] {
  const { consumed = 0, revoked = 0 } = by;
  const next = { ...lot, consumed: lot.consumed + consumed, revoked: lot.revoked + revoked };
  return [
    change(LOT + lot.id, next),
    change(HOLDING + lot.sku, holdingWith(holding, lot, -consumed - revoked, -revoked)),
  ];
}

function holdingWith(holding: Holding, lot: Lot, more: number, granted: number): Holding {
  const { units, ending } = holding;
  const all = holding.granted + granted;
  const { expires } = lot;
  if (expires === undefined) return { units: units + more, ending, granted: all };
  const other = ending.filter(([id, , end]) => id !== lot.id && end > lot.created);
  const left = (ending.find(([id]) => id === lot.id)?.[1] ?? 0) + more;
  return { units, ending: left > 0 ? [...other, [lot.id, left, expires]] : other, granted: all };
}

function statusOf(lot: Lot, time: number): EntitlementStatus {
  if (remainingOf(lot, time) > 0) return 'ACTIVE';
  if (lot.granted - lot.consumed - lot.revoked > 0) return 'EXPIRED';
  return lot.consumed > 0 ? 'CONSUMED' : 'REVOKED';
}

/** A lot as it is told at a time. */
export function entitlementOf(lot: Lot, player: string, time: number): Entitlement {
  const remaining = remainingOf(lot, time);
  return {
    entitlement_id: lot.id,
    player_id: player,
    sku: lot.sku,
    kind: lot.kind,
    order_id: lot.order,
    status: statusOf(lot, time),
    granted: lot.granted,
    remaining,
    consumed: lot.consumed,
    revoked: lot.revoked,
    expired: lot.granted - lot.consumed - lot.revoked - remaining,
    created_at: rfc3339(lot.created),
    ...(lot.expires !== undefined && { expires_at: rfc3339(lot.expires) }),
  };
}
