import { itemKinds } from './choices.js';
import { isDeepEqual } from './equal.js';
import {
  amount,
  expected,
  flag,
  type MembersForm,
  members,
  oneOf,
  optional,
  pattern,
  price,
  quantity,
  whole,
  words,
} from './forms.js';
import { invalid, type Refusal, refuse } from './refusals.js';
import {
  type BaseContext,
  change,
  changed,
  grant,
  type IfMatch,
  mismatchOf,
  type Rules,
} from './request.js';
import type { Item, ItemBody } from './resources.js';
import { rfc3339 } from './rfc3339.js';

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
function firstItem(sku: string, currency: string): Item | undefined {
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

interface ItemContext extends BaseContext {
  /** The wallet's currency, which prices are in. */
  readonly currency: string;
}

/** A hundred years. */
const LONGEST_S = 3_153_600_000;

export const itemBody: MembersForm<ItemBody> = members<ItemBody>({
  name: words(255),
  kind: oneOf(...itemKinds),
  price,
  grants: optional(amount),
  active: optional(flag),
  max_per_player: optional(quantity),
  duration: optional(whole(1, LONGEST_S)),
});

const itemForm = members<ItemArgs>(
  {
    sku: pattern(/^[A-Za-z0-9._-]{1,64}$/, 'must be 1 to 64 of A-Z a-z 0-9 . _ -'),
    body: itemBody,
    if_match: optional(expected),
    if_none_match: optional(oneOf('*')),
  },
  'body',
);

/** Makes an item or its next version. Versions never change, so an order can name what it bought. */
export const item: Rules<ItemArgs, ItemContext> = {
  form: itemForm,
  opens: true,
  decide({ args, context, read, time }) {
    const { sku, body } = args;
    const kept = read('own', ITEM + sku) as Item | undefined;
    const stored = kept ?? firstItem(sku, context.currency);
    const refused = faultOf(body) ?? preconditionOf(args, stored);
    if (refused !== undefined) return refused;
    const count = (read('own', COUNT) as number | undefined) ?? 0;
    if (stored === undefined && count >= MAX_ITEMS) return refuse('limit_reached');
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
        ...(kept === undefined ? [change(COUNT, count + 1)] : []),
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

function faultOf({ kind, grants, duration }: ItemBody): Refusal | undefined {
  if ((kind === 'currency') !== (grants !== undefined)) {
    return invalid('/grants', 'goes with the kind currency, and only with it');
  }
  if (kind !== 'currency' || duration === undefined) return undefined;
  return invalid('/duration', 'has no meaning for the kind currency');
}

function isSame(a: Item, b: Item): boolean {
  const content = ({ version: _, updated_at: __, ...rest }: Item): unknown => rest;
  return isDeepEqual(content(a), content(b));
}
