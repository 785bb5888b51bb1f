import { idOf, members, optional, quantity, reason } from './forms.js';
import { entitlementOf, holdingOf, LOT, type Lot, reduceLot, remainingOf } from './lots.js';
import { type Refusal, refuse } from './refusals.js';
import { type BaseContext, changed, grant, type RequestEntry, type Rules } from './request.js';
import type { Entitlement } from './resources.js';

const entitlement = idOf('entitlement_not_found');

interface ConsumeArgs {
  readonly entitlement: string;
  readonly quantity: number;
}

/** Uses units of a lot up: never more than are left. */
export const consume: Rules<ConsumeArgs, BaseContext> = {
  form: members<ConsumeArgs>({ entitlement, quantity }),
  needsActive: true,
  decide({ args: { entitlement, quantity }, read, time }) {
    const lot = read('own', LOT + entitlement) as Lot | undefined;
    if (lot === undefined) return refuse('entitlement_not_found');
    if (lot.kind !== 'consumable') return refuse('not_consumable');
    const refused = tooMany(lot, quantity, time);
    return refused ?? grant([], reduceLot(lot, { consumed: quantity }, holdingOf(read, lot.sku)));
  },
  answer: lotAfter,
};

interface RevokeArgs {
  readonly entitlement: string;
  /** Absent: all that is left. */
  readonly quantity?: number;
  readonly reason?: string;
}

/** Takes units of a lot away, without money. */
export const revoke: Rules<RevokeArgs, BaseContext> = {
  form: members<RevokeArgs>({
    entitlement,
    quantity: optional(quantity),
    reason: optional(reason),
  }),
  decide({ args: { entitlement, quantity }, read, time }) {
    const lot = read('own', LOT + entitlement) as Lot | undefined;
    if (lot === undefined) return refuse('entitlement_not_found');
    const units = quantity ?? remainingOf(lot, time);
    const refused = tooMany(lot, units, time);
    return refused ?? grant([], reduceLot(lot, { revoked: units }, holdingOf(read, lot.sku)));
  },
  answer: lotAfter,
};

function tooMany(lot: Lot, quantity: number, time: number): Refusal | undefined {
  const remaining = remainingOf(lot, time);
  if (remaining === 0) return refuse('entitlement_not_active');
  return quantity > remaining ? refuse('quantity_exceeds_remaining', { remaining }) : undefined;
}

function lotAfter({ changes, player, time }: RequestEntry<unknown, unknown>): Entitlement {
  return entitlementOf(changed<Lot>(changes, LOT), player, time);
}
