import { matching } from './patterns.js';

/** Parts of schemas. Amounts are whole numbers of the currency's minor unit. */

const MAX_AMOUNT = 1_000_000_000_000;

export const amount = { type: 'integer', minimum: 1, maximum: MAX_AMOUNT } as const;
export const price = { type: 'integer', minimum: 0, maximum: MAX_AMOUNT } as const;
export const quantity = { type: 'integer', minimum: 1, maximum: 1_000_000 } as const;
export const balance = { type: 'integer' } as const;
export const time = { type: 'string', format: 'date-time' } as const;
export const text = { type: 'string' } as const;
export const count = { type: 'integer', minimum: 0 } as const;
/** A text of a caller: no control characters, no half surrogates (the parser sees to those). */
export const words = (maxLength: number) =>
  ({ ...matching('^[^\\u0000-\\u001f\\u007f]+$'), minLength: 1, maxLength }) as const;
export const sku = matching('^[A-Za-z0-9._-]{1,64}$');
export const currency = matching('^[A-Za-z0-9]{3,8}$');

type Properties = Readonly<Record<string, object>>;

/** A body of a request: what it does not name is refused. */
export function body(properties: Properties, required: readonly string[] = []) {
  return { type: 'object', additionalProperties: false, required, properties } as const;
}

/** A part of an answer; every member that is not optional is there. */
export function answer(properties: Properties, optional: readonly string[] = []) {
  const required = Object.keys(properties).filter((name) => !optional.includes(name));
  return { type: 'object', required, properties } as const;
}

export function oneOf(...values: readonly string[]) {
  return { type: 'string', enum: values } as const;
}

export function listOf(items: object) {
  return { type: 'array', items } as const;
}

/** A page of a list. */
export function pageOf(items: object) {
  return answer({ data: listOf(items), next_cursor: { type: ['string', 'null'] } });
}

/** The query of a list, with its filters. */
export function pageQuery(filters: Properties = {}) {
  const limit = matching('^([1-9]|[1-9][0-9]|1[0-9][0-9]|200)$');
  return body({ limit, cursor: text, ...filters });
}

/** Such a query as it comes. */
export interface PageText {
  readonly limit?: string;
  readonly cursor?: string;
}

/** What it asks for. */
export function pageIn({ limit, cursor }: PageText): { limit?: number; cursor?: string } {
  return {
    ...(limit !== undefined && { limit: Number(limit) }),
    ...(cursor !== undefined && { cursor }),
  };
}

/** What has a schema, or null: as if the member were absent. */
export function nullable<const Schema extends { readonly type: string }>(schema: Schema) {
  return { ...schema, type: [schema.type, 'null'] } as const;
}

/** Why a service did it. */
export const reason = words(255);
