import { applyToAccount, applyToBooks } from '../ledger/apply.js';
import { answerRequest, decideRequest } from '../ledger/families.js';
import { movedToPlayer } from '../ledger/money.js';
import type { Asked, Earlier, Granted } from '../ledger/request.js';
import type { RequestKind } from '../ledger/vocabulary.js';
import type { Actor } from './actors.js';
import type { Bytes } from './bytes.js';
import { writeCurrency } from './currencies.js';
import { entryBytes, kindOf, movedOf, recordOf } from './frame.js';
import { unpack } from './packing.js';
import type { PartitionState } from './partition-state.js';
import { DETAILS, RECORD, readDetail, sameRequest, userAt, userLength } from './record.js';
import type { GrantedReply, Reply } from './replies.js';
import { hexAt, packChanges, readRequestEntry } from './request-record.js';
import { RESULT } from './slots.js';

/** The answer, or what it is made of when the request was granted now. */
export type Result =
  | (Reply & { readonly code: number })
  | { readonly code: number; readonly granted: GrantedReply; readonly actor: Actor };

/** Decides and applies requests: credits, orders, payments, players. One command at a time. */
export class Requests {
  readonly #state: PartitionState;

  constructor(state: PartitionState) {
    this.#state = state;
  }

  run(
    kind: RequestKind,
    records: Bytes,
    start: number,
    actor: Actor | undefined,
    mayWrite: boolean,
  ): Result {
    const asked = this.#ask(records, start, actor);
    const known = this.#known(records, start, actor);
    if (known !== undefined) return known;
    const ruling = decideRequest(kind, asked);
    const version = actor?.version ?? 0;
    switch (ruling.kind) {
      case 'told':
        return { code: RESULT.answered, version, body: ruling.body };
      case 'refused':
        return refused(ruling.code, ruling.members, version);
      case 'granted':
        if (!mayWrite) return { code: RESULT.noRoom, version, body: null };
        return this.#accept(asked, ruling, records, start, actor);
    }
  }

  /** The stored answer, or the refusal of another request under the same key. */
  #known(records: Bytes, start: number, actor: Actor | undefined): Result | undefined {
    const { transactions } = this.#state;
    if (!transactions.findRequest(records, start)) return undefined;
    const { knownFrame, knownAt } = transactions;
    if (!sameRequest(records, start, knownFrame, recordOf(knownFrame, knownAt))) {
      return refused('idempotency_key_reused', {}, actor?.version ?? 0);
    }
    const entry = readRequestEntry(knownFrame, knownAt, this.#state.currencies);
    return { code: RESULT.duplicate, version: entry.version, body: answerRequest(entry) };
  }

  #ask(records: Bytes, start: number, account: Actor | undefined): Asked {
    const { documents, time } = this.#state;
    const at = userAt(records, start);
    const user = Buffer.from(records.u8.subarray(at, at + userLength(records, start)));
    const key = account?.key ?? user.toString('latin1');
    return {
      player: user.toString('utf8'),
      account,
      args: unpack(readDetail(records, start, DETAILS.args)),
      context: unpack(readDetail(records, start, DETAILS.context)) as Asked['context'],
      id: hexAt(records, start + RECORD.transaction),
      fresh: hexAt(records, start + RECORD.request),
      time,
      read: (collection, id) => documents.read(key, collection, id),
      earlier: (id) => this.#earlier(id, records, start),
    };
  }

  #earlier(id: string, records: Bytes, start: number): Earlier | undefined {
    const { transactions } = this.#state;
    if (!transactions.findOwn(id, records, start)) return undefined;
    const { knownFrame, knownAt } = transactions;
    return { kind: kindOf(knownFrame, knownAt), moved: movedOf(knownFrame, knownAt) };
  }

  /** After this point it must succeed: account, documents and entry change together. */
  #accept(
    asked: Asked,
    ruling: Granted,
    records: Bytes,
    start: number,
    known: Actor | undefined,
  ): Result {
    const { actors, books, documents, transactions } = this.#state;
    const { postings, changes } = ruling;
    const actor = known ?? actors.open(records, start);
    applyToBooks(books, postings);
    applyToAccount(actor, postings);
    documents.apply(actor.key, changes);
    if (known !== undefined) writeCurrency(records.u8, start + RECORD.currency, actor.currency);
    const packed = packChanges(changes);
    const frame = this.#state.openFrame(entryBytes(records, start, packed));
    const at = frame.append(actor.head('none', postings), records, start, packed);
    actors.moved(actor, frame.number, at);
    transactions.acceptedRequest(records, start, frame.number, at);
    const { balance, version } = actor;
    const moved = movedToPlayer(postings);
    const granted = { version, balance, moved, time: asked.time, changes: packed };
    return { code: RESULT.accepted, granted, actor };
  }
}

function refused(
  code: string,
  members: Readonly<Record<string, unknown>>,
  version: number,
): Result {
  return { code: RESULT.refused, version, body: { code, members } };
}
