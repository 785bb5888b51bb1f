/** Gives the value of the next member. */
export type Next = () => unknown;

/**
 * Shapes of objects that are packed without the names of their members. A shape's place in this list
 * is on disk, so the list only grows. Each makes an object of its members' values, in their order.
 */
export const shapes: readonly ((next: Next) => object)[] = [
  // An order, as it is made and as it is paid for.
  (next) => ({
    id: next(),
    history: next(),
    total: next(),
    lines: next(),
    created: next(),
    expires: next(),
  }),
  (next) => ({
    id: next(),
    history: next(),
    total: next(),
    lines: next(),
    created: next(),
    expires: next(),
    completed: next(),
    paid: next(),
  }),
  // A line of one.
  (next) => ({
    sku: next(),
    version: next(),
    kind: next(),
    price: next(),
    quantity: next(),
    refundedQuantity: next(),
    refundedAmount: next(),
  }),
  (next) => ({
    sku: next(),
    version: next(),
    kind: next(),
    price: next(),
    quantity: next(),
    refundedQuantity: next(),
    refundedAmount: next(),
    lot: next(),
  }),
  // A lot, and what a player has of an item.
  (next) => ({
    id: next(),
    sku: next(),
    kind: next(),
    order: next(),
    granted: next(),
    consumed: next(),
    revoked: next(),
    created: next(),
  }),
  (next) => ({ units: next(), ending: next(), granted: next() }),
  // Arguments.
  (next) => ({ sku: next(), quantity: next() }),
  (next) => ({ lines: next() }),
  (next) => ({ lines: next(), complete: next() }),
  (next) => ({ amount: next() }),
  (next) => ({ amount: next(), reason: next() }),
  (next) => ({ order: next() }),
  // What the engine knows beside them.
  (next) => ({ items: next(), currency: next(), by: next() }),
  (next) => ({ version: next(), kind: next(), price: next(), active: next() }),
  (next) => ({ by: next() }),
];

/** Where one is in the names of shapes when those so far were read. */
interface ShapeStep {
  /** The place of the shape that ends here, if one does. */
  shape: number | undefined;
  /** The name that comes next, mostly; and the other ones. */
  name: string | undefined;
  next: ShapeStep | undefined;
  others: Map<string, ShapeStep> | undefined;
}

function newStep(): ShapeStep {
  return { shape: undefined, name: undefined, next: undefined, others: undefined };
}

/** The step behind `name`, which is made when it is not there. */
function stepTo(from: ShapeStep, name: string): ShapeStep {
  if (from.next === undefined) {
    from.name = name;
    from.next = newStep();
  }
  if (from.name === name) return from.next;
  from.others ??= new Map();
  const other = from.others.get(name) ?? newStep();
  from.others.set(name, other);
  return other;
}

/** Before the first name of any shape. */
const firstStep: ShapeStep = newStep();
for (const [place, make] of shapes.entries()) {
  const names = Object.keys(make(() => null));
  names.reduce(stepTo, firstStep).shape = place;
}

/** The place of an object's shape in the list; undefined when it has none of these. */
export function shapeOf(value: Readonly<Record<string, unknown>>): number | undefined {
  let step: ShapeStep | undefined = firstStep;
  for (const name in value) {
    if (value[name] === undefined) continue;
    step = step.name === name ? step.next : step.others?.get(name);
    if (step === undefined) return undefined;
  }
  return step.shape;
}
