import { entitlementStatuses, transactionTypes } from '../ledger/choices.js';
import {
  type Form,
  idOf,
  malformed,
  members,
  oneOf,
  optional,
  text,
  whole,
} from '../ledger/forms.js';
import type { Refusal } from '../ledger/refusals.js';
import type { PageQuery, Query } from './queries.js';

type QueryOf<What extends Query['what']> = Extract<Query, { readonly what: What }>;

const CURSOR_CHARACTERS = 1_024;
const cursor = idOf('invalid_cursor', CURSOR_CHARACTERS);
const limits = { limit: whole(1, 200), cursor: optional(cursor) };
const page = { what: text, ...limits };

/** What is asked of a list that the engine keeps itself. */
export const pageForm: Form<PageQuery> = members<PageQuery>(limits);

/** What callers ask for; the engine's own queries have no form. */
const forms: { readonly [What in Query['what']]: Form<QueryOf<What>> | undefined } = {
  order: members<QueryOf<'order'>>({ what: text, id: idOf('order_not_found') }),
  orders: members<QueryOf<'orders'>>(page),
  entitlements: members<QueryOf<'entitlements'>>({
    ...page,
    sku: optional(text),
    status: optional(oneOf(...entitlementStatuses)),
  }),
  payment: members<QueryOf<'payment'>>({ what: text, id: idOf('payment_not_found') }),
  transaction: members<QueryOf<'transaction'>>({ what: text, id: idOf('not_found') }),
  transactions: members<QueryOf<'transactions'>>({
    ...page,
    type: optional(oneOf(...transactionTypes)),
  }),
  account: undefined,
  credential: undefined,
  items: undefined,
  'payment owner': undefined,
  code: undefined,
  outbox: undefined,
};

/** Why a query cannot be asked. */
export function malformedQuery(query: Query): Refusal | undefined {
  const form: Form<never> | undefined = forms[query.what];
  return form === undefined ? undefined : malformed(form, query);
}
