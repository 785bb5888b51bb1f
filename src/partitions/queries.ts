import { CREDENTIAL, type Credential, PROFILE, type Profile } from '../ledger/accounts.js';
import { ITEM } from '../ledger/catalogue.js';
import { SPEND_REFUNDS } from '../ledger/credits.js';
import { entitlementOf, holdingOf, LOT, type Lot, ownedAt } from '../ledger/lots.js';
import { PAYMENT, paymentOf, type StoredPayment } from '../ledger/payments.js';
import { refuse } from '../ledger/refusals.js';
import type {
  Entitlement,
  EntitlementStatus,
  Order,
  Transaction,
  TransactionType,
} from '../ledger/resources.js';
import { ORDER, orderOf, type StoredOrder } from '../ledger/stored-orders.js';
import { idIn, transactionOf, typeOf } from '../ledger/transactions.js';
import { limits } from '../limits.js';
import type { Actor } from './actor.js';
import type { Bytes } from './bytes.js';
import { Cursors } from './cursors.js';
import { hasEntryAt, readEntryHead, recordOf } from './frame.js';
import type { PartitionState } from './partition-state.js';
import { LEFT_OUT, NO_TIME, ReadBudget } from './read-budget.js';
import { keyOf, openingId, readRequestEntry } from './request-record.js';

/** What can be read of a player who is there. */
type PlayerQuery =
  | { readonly what: 'order'; readonly id: string }
  | ({ readonly what: 'orders' } & PageQuery)
  | ({
      readonly what: 'entitlements';
      readonly sku?: string;
      readonly status?: EntitlementStatus;
    } & PageQuery)
  | { readonly what: 'payment'; readonly id: string }
  | { readonly what: 'transaction'; readonly id: string }
  | ({ readonly what: 'transactions'; readonly type?: TransactionType } & PageQuery)
  | { readonly what: 'account'; readonly skus: readonly string[] };

/** The same, or what can be read of an actor that need not be there, and of a partition. */
export type Query =
  | PlayerQuery
  | { readonly what: 'credential' }
  | { readonly what: 'items' }
  | { readonly what: 'payment owner'; readonly id: string }
  | { readonly what: 'code'; readonly code: string }
  | { readonly what: 'outbox'; readonly before?: string };

export interface PageQuery {
  readonly limit: number;
  readonly cursor?: string;
}

const OPENINGS = 1_000;

/** Where an entry is: its frame, and the place in it. */
type Place = readonly [frame: number, at: number];

/** Answers reads. They wait for the batch's commit like everything else. */
export class Queries {
  readonly #state: PartitionState;
  readonly #cursors: Cursors;
  readonly #budget = new ReadBudget();
  /** How far the first entries of some players were looked for: they are where they are for ever. */
  readonly #openings = new Map<string, { place: Place; lookedAt: number }>();

  constructor(state: PartitionState) {
    this.#state = state;
    this.#cursors = new Cursors(state.seed);
  }

  /** A turn begins. */
  begin(): void {
    this.#budget.begin();
  }

  /** The body of the answer, or why there is none. `records` holds the query's own record. */
  run(query: Query, actor: Actor | undefined, records: Bytes, start: number): unknown {
    return this.#budget.spend(() => this.#answer(query, actor, records, start));
  }

  #answer(query: Query, actor: Actor | undefined, records: Bytes, start: number): unknown {
    const { documents } = this.#state;
    switch (query.what) {
      case 'payment owner':
        return documents.read('', 'payments', query.id) ?? null;
      case 'code':
        return documents.read('', 'codes', query.code) ?? null;
      case 'outbox':
        return this.#outbox(query.before);
      case 'credential':
        return this.#credential(actor);
      case 'items':
        return actor === undefined
          ? []
          : [...documents.list(actor.key, 'own', ITEM)].map(([, item]) => item);
      default:
        return actor === undefined
          ? refuse('player_not_found')
          : this.#ofPlayer(query, actor, records, start);
    }
  }

  #ofPlayer(query: PlayerQuery, actor: Actor, records: Bytes, start: number): unknown {
    // Also the shortest page looks at something.
    if (this.#state.isLate) return NO_TIME;
    const { time } = this.#state;
    const player = nameOf(actor);
    switch (query.what) {
      case 'order': {
        const found = this.#read(actor, ORDER + query.id) as StoredOrder | undefined;
        if (found === undefined) return refuse('order_not_found');
        return orderOf(found, player, actor.currency, time);
      }
      case 'payment': {
        const found = this.#read(actor, PAYMENT + query.id) as StoredPayment | undefined;
        if (found === undefined) return refuse('payment_not_found');
        return paymentOf(found, player, actor.currency, time);
      }
      case 'orders':
        return this.#page<StoredOrder, Order>(actor, 'orders', ORDER, query, (stored) => {
          return orderOf(stored, player, actor.currency, time);
        });
      case 'entitlements':
        return this.#entitlements(actor, query);
      case 'transactions':
        return this.#history(actor, query);
      case 'transaction':
        return this.#transaction(actor, query.id, records, start);
      case 'account':
        return this.#account(actor, query.skus);
    }
  }

  /** So many at once that no turn takes long; whoever asks goes on from the last. */
  #outbox(before: string | undefined): unknown[] {
    const messages: unknown[] = [];
    for (const [, message] of this.#state.documents.list('', 'outbox', '', before)) {
      if (messages.push(message) === limits.outbox_messages) break;
    }
    return messages;
  }

  #read(actor: Actor, id: string): unknown {
    return this.#state.documents.read(actor.key, 'own', id);
  }

  #credential(actor: Actor | undefined): unknown {
    if (actor === undefined) return null;
    const credential = this.#read(actor, CREDENTIAL) as Credential | undefined;
    return credential === undefined ? null : { ...credential, disabled: actor.disabled };
  }

  #account(actor: Actor, skus: readonly string[]): unknown {
    const { documents, time } = this.#state;
    const profile = this.#read(actor, PROFILE) as Profile | undefined;
    const read = (_: 'own', id: string): unknown => documents.read(actor.key, 'own', id);
    return {
      player_id: nameOf(actor),
      balance: actor.balance,
      version: actor.version,
      referral_code: profile?.referral_code ?? null,
      owned: Object.fromEntries(skus.map((sku) => [sku, ownedAt(holdingOf(read, sku), time)])),
    };
  }

  #entitlements(actor: Actor, query: Extract<Query, { what: 'entitlements' }>): unknown {
    const { sku, status } = query;
    const list = `entitlements:${sku ?? ''}:${status ?? ''}`;
    return this.#page<Lot, Entitlement>(actor, list, LOT, query, (lot) => {
      if (sku !== undefined && lot.sku !== sku) return undefined;
      const told = entitlementOf(lot, nameOf(actor), this.#state.time);
      return status !== undefined && told.status !== status ? undefined : told;
    });
  }

  /** A page of the documents whose ids begin with `prefix`; `tell` leaves out what it wants. */
  #page<Stored, Told>(
    actor: Actor,
    list: string,
    prefix: string,
    { limit, cursor }: PageQuery,
    tell: (stored: Stored) => Told | undefined,
  ): unknown {
    const bound = `${actor.key}\0${list}`;
    const before = cursor === undefined ? undefined : this.#cursors.read(bound, cursor);
    if (cursor !== undefined && typeof before !== 'string') return refuse('invalid_cursor');
    const data: Told[] = [];
    let last: string | undefined;
    let leftOut = 0;
    const { documents } = this.#state;
    for (const [id, value] of documents.list(actor.key, 'own', prefix, before as string)) {
      const told = tell(value as Stored);
      if (told === undefined) {
        leftOut += 1;
        if (!this.#budget.mustEnd(leftOut)) continue;
        return { data, next_cursor: this.#cursors.write(bound, id) };
      }
      if (data.length === limit) return { data, next_cursor: this.#cursors.write(bound, last) };
      data.push(told);
      last = id;
      if (this.#budget.isSpent) return { data, next_cursor: this.#cursors.write(bound, last) };
    }
    return { data, next_cursor: null };
  }

  /** Walks the player's entries back: each names the one before. */
  #history(actor: Actor, query: Extract<Query, { what: 'transactions' }>): unknown {
    const { limit, cursor, type } = query;
    const bound = `${actor.key}\0transactions:${type ?? ''}`;
    const place =
      cursor === undefined ? [actor.frame, actor.at] : this.#cursors.read(bound, cursor);
    if (!this.#isOwn(actor, place)) return refuse('invalid_cursor');
    let [frame, at] = place;
    const data: Transaction[] = [];
    for (let leftOut = 0, isOver = false; frame > 0; ) {
      if (data.length === limit || isOver) {
        return { data, next_cursor: this.#cursors.write(bound, [frame, at]) };
      }
      const bytes = this.#state.frames.open(frame);
      const { previousFrame, previousAt } = readEntryHead(bytes, at);
      const entry = readRequestEntry(bytes, at, this.#state.currencies);
      const told = typeOf(entry);
      if (told !== undefined && (type === undefined || told === type)) {
        data.push(transactionOf(entry));
        isOver = this.#budget.isSpent;
      } else {
        leftOut += 1;
        isOver = this.#budget.mustEnd(leftOut);
      }
      [frame, at] = [previousFrame, previousAt];
    }
    return { data, next_cursor: null };
  }

  /** A cursor from before an older copy was put back may name no entry, or another player's. */
  #isOwn(actor: Actor, place: unknown): place is Place {
    if (!Array.isArray(place)) return false;
    const [frame, at] = place as unknown as Place;
    if (frame === actor.frame && at === actor.at) return true;
    // What comes after it is still being built: no cursor of this journal is there yet.
    if (frame > this.#state.frame) return false;
    const bytes = this.#state.frames.open(frame);
    if (!hasEntryAt(bytes, at)) return false;
    return keyOf(bytes, recordOf(bytes, at)) === actor.key;
  }

  #transaction(actor: Actor, id: string, records: Bytes, start: number): unknown {
    const { transactions, currencies } = this.#state;
    const hex = idIn(id);
    if (!transactions.findOwn(hex, records, start)) {
      return this.#opening(actor, hex) ?? refuse('not_found');
    }
    const entry = readRequestEntry(transactions.knownFrame, transactions.knownAt, currencies);
    if (typeOf(entry) === undefined) return refuse('not_found');
    const told = transactionOf(entry);
    if (entry.kind !== 'spend') return told;
    const refunded_amount = (this.#read(actor, SPEND_REFUNDS + hex) as number | undefined) ?? 0;
    return { ...told, refunded_amount };
  }

  /** A player's opening balance has no id of its own in the journal; it is the first entry. */
  #opening(actor: Actor, id: string): Transaction | undefined | typeof NO_TIME {
    if (id !== openingId(nameOf(actor))) return undefined;
    const place = this.#firstOf(actor);
    if (place === undefined || place === NO_TIME) return place;
    const bytes = this.#state.frames.open(place[0]);
    const entry = readRequestEntry(bytes, place[1], this.#state.currencies);
    return typeOf(entry) === 'OPENING' ? transactionOf(entry) : undefined;
  }

  /** Where a player's first entry is, unless it is too far; after NO_TIME the next one goes on. */
  #firstOf(actor: Actor): Place | undefined | typeof NO_TIME {
    const search = this.#openings.get(actor.key) ?? { place: [actor.frame, actor.at], lookedAt: 0 };
    if (this.#openings.size >= OPENINGS) this.#openings.clear();
    this.#openings.set(actor.key, search);
    for (; search.lookedAt < LEFT_OUT; search.lookedAt++) {
      if (this.#budget.mustStop(search.lookedAt)) return NO_TIME;
      const [frame, at] = search.place;
      const { previousFrame, previousAt } = readEntryHead(this.#state.frames.open(frame), at);
      if (previousFrame === 0) return search.place;
      search.place = [previousFrame, previousAt];
    }
    return undefined;
  }
}

function nameOf({ key }: Actor): string {
  return Buffer.from(key, 'latin1').toString('utf8');
}
