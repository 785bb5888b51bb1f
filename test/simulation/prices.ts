import { type Answer, acceptance, type Op, type Sent, type Span, spanOf } from './history.js';

/** A price that somebody was told, of one version of the item. */
interface Sighting extends Span {
  readonly version: number;
  readonly price: number;
}

const FIRST_PRICE = 10;

/** What a unit costs: orders that nobody was told of have the first price. */
export function priceOf({ price = FIRST_PRICE }: Op): number {
  return price;
}

/** A version has one price, which somebody had asked for; and nobody is told an older one later. */
export function judgePrices(sent: readonly Sent[]): readonly string[] {
  const seen = [
    { version: 1, price: FIRST_PRICE, begin: 0, end: 0 },
    ...sent.flatMap((one) => sightingsOf(one)),
  ];
  return seen.flatMap((one) => {
    const { version, price } = one;
    const same = seen.every((other) => other.version !== version || other.price === price);
    const isLate = seen.some((other) => other.end < one.begin && other.version > version);
    const isKnown = price === FIRST_PRICE || sent.some((asked) => mayHaveSet(asked, one));
    return [
      ...(same ? [] : [`version ${version} of the item has another price than ${price}`]),
      ...(isLate ? [`version ${version} of the item was told after a later one`] : []),
      ...(isKnown ? [] : [`nobody had asked for the price ${price}`]),
    ];
  });
}

function mayHaveSet(asked: Sent, { price, end }: Sighting): boolean {
  return asked.op.kind === 'price' && asked.op.amount === price && spanOf(asked).begin < end;
}

/** An order keeps its price; a new price may be set again, and be another version then. */
function sightingsOf(one: Sent): readonly Sighting[] {
  const { op, attempts } = one;
  if (op.kind === 'order' || op.kind === 'reserve') {
    return sightingIn(acceptance(one), spanOf(one));
  }
  if (op.kind !== 'price') return [];
  return attempts.flatMap(({ at, done = Infinity, answer }) => {
    return sightingIn(answer, { begin: at, end: done });
  });
}

function sightingIn(answer: Answer | undefined, span: Span): readonly Sighting[] {
  const { item: version, price } = answer ?? {};
  return version === undefined || price === undefined ? [] : [{ version, price, ...span }];
}
