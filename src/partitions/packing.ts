import { Packr } from 'msgpackr';

/**
 * Shapes that are packed without the names of their members, by their place in this list: it is on
 * disk, so it only grows. What has another shape carries its names with it.
 */
const shapes: readonly (readonly string[])[] = [
  ['id', 'history', 'total', 'lines', 'created', 'expires'],
  ['id', 'history', 'total', 'lines', 'created', 'expires', 'completed'],
  [...['sku', 'version', 'kind', 'price', 'quantity'], ...['refundedQuantity', 'refundedAmount']],
  [
    ...['sku', 'version', 'kind', 'price', 'quantity'],
    ...['refundedQuantity', 'refundedAmount', 'lot'],
  ],
  ['id', 'sku', 'kind', 'order', 'granted', 'consumed', 'revoked', 'created'],
  ['units', 'ending', 'granted'],
  ['sku', 'quantity'],
  ['lines'],
  ['lines', 'complete'],
  ['items', 'currency', 'by'],
  ['version', 'kind', 'price', 'active'],
  ['by'],
  ['amount'],
  ['amount', 'reason'],
  ['order'],
];

const packr = new Packr({
  structures: shapes.map((names) => [...names]) as never,
  maxSharedStructures: shapes.length,
});

/** Packs what stands in the details of a record, in a document, or in the answer to a request. */
export function pack(value: unknown): Buffer {
  return packr.pack(value);
}

export function unpack(value: Uint8Array | undefined): unknown {
  return value === undefined ? undefined : packr.unpack(value);
}
