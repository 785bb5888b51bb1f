import { isDeepEqual } from './equal.js';
import { MAX_AMOUNT } from './money.js';
import { invalid, type Refusal, refuse } from './refusals.js';
import {
  type BaseContext,
  change,
  changed,
  grant,
  type IfMatch,
  mismatchOf,
  type Rules,
  rfc3339,
} from './request.js';
import type { Item, ItemBody } from './resources.js';

/** The player under whose name the catalogue is kept; no caller can name it. */
export const CATALOGUE = '\0catalogue';

/** Document: an item's newest version; and each of its versions. */
export const ITEM = 'i:';
const VERSION = 'v:';

/** How many items a catalogue holds. */
const MAX_ITEMS = 10_000;
const COUNT = 'items';

/** The items that are there from the start, as version 1: what the game-wallet endpoints sell. */
const firstItems: Readonly<Record<string, ItemBody>> = {
  gold_coin: { name: 'Gold coin', kind: 'consumable', price: 10 },
  treasure_box: { name: 'Treasure box', kind: 'consumable', price: 50 },
};

/** An item that is there from the start, as long as it was not changed. */
export function firstItem(sku: string, currency: string): Item | undefined {
  const body = Object.hasOwn(firstItems, sku) ? firstItems[sku] : undefined;
  if (body === undefined) return undefined;
  return { ...body, sku, version: 1, active: true, currency, updated_at: rfc3339(0) };
}

/** Every item that is there from the start. */
export function allFirstItems(currency: string): readonly Item[] {
  return Object.keys(firstItems).map((sku) => firstItem(sku, currency) as Item);
}

export interface ItemArgs {
  readonly sku: string;
  readonly body: ItemBody;
  readonly if_match?: IfMatch;
  readonly if_none_match?: '*';
}

export interface ItemContext extends BaseContext {
  /** The wallet's currency, which prices are in. */
  readonly currency: string;
}

/** Makes an item or its next version. Versions never change, so an order can name what it bought. */
export const item: Rules<ItemArgs, ItemContext> = {
  opens: true,
  decide({ args, context, read, time }) {
    const { sku, body } = args;
    const stored =
      (read('own', ITEM + sku) as Item | undefined) ?? firstItem(sku, context.currency);
    const refused = faultOf(body) ?? preconditionOf(args, stored);
    if (refused !== undefined) return refused;
    const count = (read('own', COUNT) as number | undefined) ?? 0;
    const isNew = read('own', ITEM + sku) === undefined;
    if (isNew && count >= MAX_ITEMS) return refuse('limit_reached');
    const next: Item = {
      sku,
      version: (stored?.version ?? 0) + 1,
      ...body,
      active: body.active ?? true,
      currency: context.currency,
      updated_at: rfc3339(time),
    };
    if (stored !== undefined && isSame(stored, next)) return { kind: 'told', body: stored };
    return grant(
      [],
      [
        change(ITEM + sku, next),
        change(`${VERSION}${sku}:${next.version}`, next),
        ...(isNew ? [change(COUNT, count + 1)] : []),
      ],
    );
  },
  answer: ({ changes }) => changed(changes, ITEM),
};

function preconditionOf(
  { if_match, if_none_match }: ItemArgs,
  stored: Item | undefined,
): Refusal | undefined {
  const version = stored?.version;
  if (if_none_match === '*' && version !== undefined)
    return refuse('version_mismatch', { version });
  const isUnguarded = version !== undefined && if_match === undefined;
  return (
    mismatchOf(if_match, version) ?? (isUnguarded ? refuse('precondition_required') : undefined)
  );
}

function faultOf({ price, kind, grants, max_per_player, duration }: ItemBody): Refusal | undefined {
  if (!isWithin(price, 0)) return invalid('/price', 'must be a whole number from 0');
  if (kind === 'currency' ? !isWithin(grants, 1) : grants !== undefined) {
    return invalid('/grants', 'goes with the kind currency, and only with it');
  }
  if (max_per_player !== undefined && !isWithin(max_per_player, 1)) {
    return invalid('/max_per_player', 'must be a whole number from 1');
  }
  if (duration === undefined) return undefined;
  if (kind === 'currency') return invalid('/duration', 'has no meaning for the kind currency');
  return isWithin(duration, 1) ? undefined : invalid('/duration', 'must be a whole number from 1');
}

function isWithin(value: unknown, least: number): boolean {
  return Number.isSafeInteger(value) && Number(value) >= least && Number(value) <= MAX_AMOUNT;
}

function isSame(a: Item, b: Item): boolean {
  const content = ({ version: _, updated_at: __, ...rest }: Item): unknown => rest;
  return isDeepEqual(content(a), content(b));
}
