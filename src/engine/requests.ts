import { expected, malformed, members, oneOf, optional, pattern } from '../ledger/forms.js';
import type { Message } from '../ledger/messages.js';
import { invalid, refuse } from '../ledger/refusals.js';
import type { RequestKind } from '../ledger/vocabulary.js';
import type { Query } from '../partitions/queries.js';
import { malformedQuery } from '../partitions/query-forms.js';
import { RECORD } from '../partitions/record.js';
import { Unpackable } from '../partitions/value-writer.js';
import type { Batch } from './batch.js';
import type { Actor, Done, Outcome, Refused, RequestOptions } from './economy.js';
import { Asker, Reader, type Settle } from './request-callers.js';
import { idOf, type RequestId, type RequestIds, writeId } from './request-ids.js';
import { type RequestRecord, writeRequest } from './request-writer.js';
import type { Router } from './router.js';
import { isUserId } from './user-id.js';

const actors: readonly Actor[] = ['service', 'player', 'admin'];
const keyForm = pattern(/^[\x21-\x7e]{1,255}$/, 'must be 1 to 255 visible ASCII');
const others = { ifMatch: optional(expected), by: optional(oneOf(...actors)) };
/** Options of a request, where its key is required and where it is optional. */
const optionForms = {
  required: members<RequestOptions>({ idempotencyKey: keyForm, ...others }),
  optional: members<Partial<RequestOptions>>({ idempotencyKey: optional(keyForm), ...others }),
};

const UNWRITABLE = invalid('', 'must be values of JSON, and not more than a mebibyte of them');

/** A request beside its key. */
interface Asking extends RequestRecord {
  readonly kind: RequestKind;
  readonly context?: Readonly<Record<string, unknown>>;
}

/** Brings requests and queries to the partitions of their players, and reads the answers. */
export class Requests {
  readonly #router: Router;
  readonly #ids: RequestIds;
  readonly #currency: string;
  /** Gets what entries send to other players. */
  readonly #post: (messages: readonly Message[]) => void;
  /** Throws when the wallet is closed. */
  readonly demandOpen: () => void;

  constructor(
    router: Router,
    ids: RequestIds,
    currency: string,
    demandOpen: () => void,
    post: (messages: readonly Message[]) => void,
  ) {
    this.#router = router;
    this.#ids = ids;
    this.#currency = currency;
    this.demandOpen = demandOpen;
    this.#post = post;
  }

  /** A request under its caller's key; where that is optional it is new each time without one. */
  ask<T>(
    asking: Asking & { readonly args: object | Refused },
    options: Partial<RequestOptions>,
    key: keyof typeof optionForms = 'required',
  ): Promise<Outcome<T>> {
    const { kind, player, args } = asking;
    if ('ok' in args) return Promise.resolve(args);
    const fault = malformed(optionForms[key], options);
    if (fault !== undefined) return Promise.resolve(refusedAs(fault));
    if (!isUserId(player)) return Promise.resolve(refusedAs(refuse('player_not_found')));
    const { idempotencyKey } = options;
    const context = contextOf(asking, options);
    const id = idempotencyKey === undefined ? undefined : idOf('key', player, idempotencyKey);
    return this.send({ kind, player, args, context }, id);
  }

  /** A request under an id of its own; without one it is new each time. */
  send<T>(asking: Asking, id?: RequestId): Promise<Outcome<T>> {
    return new Promise((resolve, reject) => {
      this.demandOpen();
      const { player } = asking;
      const number = this.#router.numberOf(player);
      const partition = this.#router.partition(number);
      const batch = partition.batch();
      const { records } = batch.slot;
      const start = batch.end;
      const end = this.#write(batch, asking);
      if (end === 0) {
        resolve(refusedAs(UNWRITABLE));
        return;
      }
      const { u8 } = records;
      this.#ids.write(u8, start + RECORD.request, number);
      if (id !== undefined) writeId(u8, start + RECORD.transaction, id);
      else
        u8.copyWithin(start + RECORD.transaction, start + RECORD.request, start + RECORD.currency);
      partition.post(batch, new Asker(player, this.#post, resolve as Settle, reject), start, end);
    });
  }

  /** Writes a record behind those of a batch; 0: it cannot be packed, and nothing is there. */
  #write(batch: Batch, record: RequestRecord): number {
    try {
      return writeRequest(batch.slot.records, batch.end, record, this.#currency);
    } catch (error) {
      if (error instanceof Unpackable) return 0;
      throw error;
    }
  }

  /** Reads of a player. */
  query<T>(player: string, query: Query): Promise<Outcome<T>> {
    const fault = malformedQuery(query);
    if (fault !== undefined) return Promise.resolve(refusedAs(fault));
    if (!isUserId(player)) return Promise.resolve(refusedAs(refuse('player_not_found')));
    return this.queryAt(this.#router.numberOf(player), query, player);
  }

  /** Reads of a partition, or of an actor of the ledger's own. */
  queryAt<T>(number: number, query: Query, player = ''): Promise<Outcome<T>> {
    return new Promise((resolve, reject) => {
      this.demandOpen();
      const partition = this.#router.partition(number);
      const batch = partition.batch();
      const end = this.#write(batch, { kind: 'query', player, args: query, context: {} });
      if (end === 0) resolve(refusedAs(UNWRITABLE));
      else partition.post(batch, new Reader(resolve as Settle, reject), 0, end);
    });
  }
}

/** What the engine knows beside the arguments. */
function contextOf(
  { context }: Asking,
  { ifMatch, by = 'service' }: Partial<RequestOptions>,
): Readonly<Record<string, unknown>> {
  // Not spread: Node.js 20 takes a microsecond to add a member to what it has spread.
  const known = Object.assign({}, context, { by });
  return ifMatch === undefined ? known : Object.assign(known, { if_match: ifMatch });
}

/** A refusal of the ledger as an answer. */
export function refusedAs({ code, members }: Pick<Refused, 'code' | 'members'>): Refused {
  return { ok: false, code, members };
}

/** What is known without an entry, as an answer; version 0: it has none. */
export function doneWith<T>(value: T, version: number = 0): Done<T> {
  return { ok: true, value, replayed: false, version };
}
