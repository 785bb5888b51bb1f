import { answerRequest } from '../ledger/families.js';
import type { Message } from '../ledger/messages.js';
import { refuse } from '../ledger/refusals.js';
import type { BaseContext, Change } from '../ledger/request.js';
import type { Kind, RequestKind } from '../ledger/vocabulary.js';
import { pack, unpack } from '../partitions/packing.js';
import type { Query } from '../partitions/queries.js';
import { type ReadReply, readReply } from '../partitions/replies.js';
import { unpackChanges } from '../partitions/request-record.js';
import { RESULT, type Slot } from '../partitions/slots.js';
import { currencyOf } from './answers.js';
import type { Caller } from './batch.js';
import type { Outcome, Refused, RequestOptions } from './economy.js';
import { closed } from './errors.js';
import type { PartitionClient } from './partition-client.js';
import { idOf, type RequestIds } from './request-ids.js';
import { fits, type RequestRecord, writeRequest } from './request-writer.js';
import type { Router } from './router.js';
import { isUserId } from './user-id.js';

const KEY = /^[\x21-\x7e]{1,255}$/;
const NOTHING = pack(null);

/** A request beside its key: what it asks for, and what the engine knows. */
export interface Asking {
  readonly kind: RequestKind;
  readonly player: string;
  readonly args: unknown;
  readonly context?: Readonly<Record<string, unknown>>;
}

/** Brings requests and queries to the partitions of their players, and reads the answers. */
export class Requests {
  readonly #router: Router;
  readonly #ids: RequestIds;
  readonly #currency: string;
  /** Gets what entries send to other players. */
  readonly #post: (messages: readonly Message[]) => void;
  closed = false;

  constructor(
    router: Router,
    ids: RequestIds,
    currency: string,
    post: (messages: readonly Message[]) => void,
  ) {
    this.#router = router;
    this.#ids = ids;
    this.#currency = currency;
    this.#post = post;
  }

  /** A request under its caller's key; without one it is new each time. */
  ask<T>(asking: Asking, options: Partial<RequestOptions>): Promise<Outcome<T>> {
    const { idempotencyKey, ifMatch, by = 'service' } = options;
    const { kind, player, args } = asking;
    if (!isUserId(player)) return Promise.resolve(refusedAs(refuse('player_not_found')));
    const context = {
      ...asking.context,
      by,
      ...(ifMatch !== undefined && { if_match: ifMatch }),
    };
    if (idempotencyKey === undefined) return this.send({ kind, player, args, context });
    if (!KEY.test(idempotencyKey)) {
      const errors = [{ pointer: '/idempotencyKey', detail: 'must be 1 to 255 visible ASCII' }];
      return Promise.resolve(refusedAs(refuse('validation_failed', { errors })));
    }
    return this.send({ kind, player, args, context }, idOf('key', player, idempotencyKey));
  }

  /** A request under an id of its own. */
  send<T>(asking: Asking, id?: Uint8Array): Promise<Outcome<T>> {
    const { kind, player, args, context } = asking;
    const number = this.#router.numberOf(player);
    const fresh = this.#ids.fresh(number);
    const record: RequestRecord = {
      kind,
      user: player,
      id: id ?? fresh,
      fresh,
      currency: this.#currency,
      args: pack(args),
      context: pack(context ?? {}),
    };
    if (!fits(record)) return Promise.resolve(refusedAs(refuse('validation_failed')));
    return this.#run(this.#router.partition(number), record, (reply, slot, index) => {
      const changes = unpackChanges(reply.content);
      const messages = messagesIn(changes);
      if (messages.length > 0) this.#post(messages);
      return answerRequest({
        ...{ kind, player, args, context: (context ?? {}) as BaseContext, changes },
        currency: currencyOf(slot, index),
        id: hex(record.id),
        fresh: hex(record.fresh),
        ...{ time: reply.time, moved: reply.moved, balance: reply.balance, version: reply.version },
      });
    });
  }

  /** Reads of a player. */
  query<T>(player: string, query: Query): Promise<Outcome<T>> {
    if (!isUserId(player)) return Promise.resolve(refusedAs(refuse('player_not_found')));
    return this.queryAt(this.#router.numberOf(player), query, player);
  }

  /** Reads of a partition, or of an actor of the ledger's own. */
  queryAt<T>(number: number, query: Query, user = ''): Promise<Outcome<T>> {
    const record = {
      kind: 'query',
      user,
      id: NO_ID,
      fresh: NO_ID,
      currency: this.#currency,
    } as const;
    const packed = { args: pack(query), context: NOTHING };
    return this.#run(this.#router.partition(number), { ...record, ...packed }, nothingGranted);
  }

  #run<T>(
    partition: PartitionClient,
    record: RequestRecord,
    granted: (reply: ReadReply, slot: Slot, index: number) => unknown,
  ): Promise<Outcome<T>> {
    return new Promise((resolve, reject) => {
      if (this.closed) throw closed();
      const batch = partition.batch();
      const end = writeRequest(batch.slot.records, batch.end, record);
      const caller: Caller = {
        settle: (_tag, slot, index, extra) => {
          const reply = readReply(slot, index, extra);
          const isGranted = slot.codes[index] === RESULT.accepted;
          const body = isGranted ? granted(reply, slot, index) : unpack(reply.content);
          resolve(outcomeOf<T>(record.kind, slot, index, reply.version, body));
        },
        fail: (_tag, error) => reject(error),
      };
      partition.post(batch, caller, 0, end);
    });
  }
}

function nothingGranted(): never {
  throw new Error('a query grants nothing');
}

function hex(id: Uint8Array): string {
  return Buffer.from(id.buffer, id.byteOffset, id.length).toString('hex');
}

/** What has to be brought to others now that the entry is there. */
function messagesIn(changes: readonly Change[]): readonly Message[] {
  const sent = changes.filter(({ collection, value }) => collection === 'outbox' && value !== null);
  return sent.map(({ value }) => value as Message);
}

const NO_ID = new Uint8Array(16);

function outcomeOf<T>(
  kind: Kind,
  slot: Slot,
  index: number,
  version: number,
  body: unknown,
): Outcome<T> {
  const code = slot.codes[index] as number;
  if (code === RESULT.refused) return { ok: false, ...(body as Pick<Refused, 'code' | 'members'>) };
  const replayed = code === RESULT.duplicate || (code === RESULT.answered && kind !== 'query');
  return { ok: true, value: body as T, replayed, version };
}

/** A refusal of the ledger as an answer. */
export function refusedAs({ code, members }: Pick<Refused, 'code' | 'members'>): Refused {
  return { ok: false, code, members };
}
