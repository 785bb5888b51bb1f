import { allFirstItems, CATALOGUE, type ItemArgs, itemBody } from '../../ledger/catalogue.js';
import { expected, malformed, members, oneOf, optional } from '../../ledger/forms.js';
import type { OrderArgs, Quote } from '../../ledger/orders.js';
import { invalid, refuse } from '../../ledger/refusals.js';
import type { Cursors } from '../../partitions/cursors.js';
import { pageForm } from '../../partitions/query-forms.js';
import type { Item, Items, Outcome, Page, PageOptions } from '../economy.js';
import { doneWith, type Requests, refusedAs } from '../requests.js';
import { isPathStep } from '../user-id.js';
import { argsOf, given, pageOf } from './arguments.js';

/** What its cursors are bound to. */
const LIST = 'items';

const PATH_STEP = invalid('/sku', 'must not be . or ..');

/**
 * The catalogue as the engine knows it: every change goes through here, so that what is read and
 * what orders are priced with is the newest durable version.
 */
export class Catalogue implements Items {
  readonly #requests: Requests;
  readonly #currency: string;
  readonly #cursors: Cursors;
  readonly #items = new Map<string, Item>();
  /** In the order of the list, which everybody may ask for. */
  readonly #skus: string[] = [];
  readonly #quotes = new Map<string, Quote>();

  constructor(requests: Requests, currency: string, cursors: Cursors) {
    this.#requests = requests;
    this.#currency = currency;
    this.#cursors = cursors;
    for (const item of allFirstItems(currency)) this.#note(item);
  }

  /** Reads what was journaled. */
  async load(partition: number): Promise<void> {
    const found = await this.#requests.queryAt<Item[]>(partition, { what: 'items' }, CATALOGUE);
    if (found.ok) for (const item of found.value) this.#note(item);
  }

  /** Callers get the objects that are kept, so these are frozen; there are no others inside them. */
  #note(item: Item): void {
    Object.freeze(item);
    const known = this.#items.get(item.sku);
    if (known !== undefined && known.version >= item.version) return;
    const { sku, version, kind, price, grants, duration, max_per_player } = item;
    // A price in another currency is none: the directory was opened with that one then.
    const active = item.active && item.currency === this.#currency;
    const optional = given({ grants, duration, max_per_player });
    if (known === undefined) this.#skus.splice(this.#placeAfter(sku), 0, sku);
    this.#items.set(sku, item);
    this.#quotes.set(sku, { version, kind, price, active, ...optional });
  }

  /** Where the first sku after this one stands. */
  #placeAfter(sku: string): number {
    let low = 0;
    let high = this.#skus.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#skus[middle] as string) > sku) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  async list(options?: PageOptions): Promise<Outcome<Page<Item>>> {
    this.#requests.demandOpen();
    const page = pageOf(options);
    const fault = malformed(pageForm, page);
    if (fault !== undefined) return refusedAs(fault);
    const { limit, cursor } = page;
    const after = cursor === undefined ? '' : this.#cursors.read(LIST, cursor);
    if (typeof after !== 'string') return refusedAs(refuse('invalid_cursor'));
    const from = this.#placeAfter(after);
    const skus = this.#skus.slice(from, from + limit);
    const data = skus.map((sku) => this.#items.get(sku) as Item);
    const isLast = from + skus.length === this.#skus.length;
    const next_cursor = isLast ? null : this.#cursors.write(LIST, skus.at(-1));
    return doneWith({ data, next_cursor });
  }

  async get(sku: string): Promise<Outcome<Item>> {
    this.#requests.demandOpen();
    const item = this.#items.get(sku);
    return item === undefined ? refusedAs(refuse('item_not_found')) : doneWith(item, item.version);
  }

  async put(...[sku, body, condition = {}]: Parameters<Items['put']>): Promise<Outcome<Item>> {
    const known = argsOf(itemBody, body);
    if ('ok' in known) return known;
    const fault = malformed(conditionForm, condition);
    if (fault !== undefined) return refusedAs(fault);
    // Not the ledger's to refuse: it decides old requests again, and they stand.
    if (isPathStep(sku) && !this.#items.has(sku)) return refusedAs(PATH_STEP);
    const args: ItemArgs = {
      sku,
      body: known,
      ...given({ if_match: condition.ifMatch, if_none_match: condition.ifNoneMatch }),
    };
    const context = { by: 'admin', currency: this.#currency };
    const asking = { kind: 'item', player: CATALOGUE, args, context } as const;
    const put = await this.#requests.send<Item>(asking);
    if (!put.ok) return put;
    this.#note(put.value);
    return { ...put, version: put.value.version };
  }

  /** What the lines of an order mean now. */
  resolve(lines: OrderArgs['lines']): readonly (Quote | null)[] {
    return lines.map((line) => this.#quotes.get(line?.sku) ?? null);
  }
}

const conditionForm = members<NonNullable<Parameters<Items['put']>[2]>>({
  ifMatch: optional(expected),
  ifNoneMatch: optional(oneOf('*')),
});
