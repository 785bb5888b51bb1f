import { applyToAccount, applyToBooks } from '../ledger/apply.js';
import { answerRequest, decideRequest } from '../ledger/families.js';
import { movedToPlayer } from '../ledger/money.js';
import { type Refusal, refuse } from '../ledger/refusals.js';
import type { Asked, Granted } from '../ledger/request.js';
import type { RequestKind } from '../ledger/vocabulary.js';
import type { Actor } from './actor.js';
import { allocateBytes, type Bytes } from './bytes.js';
import { writeCurrency } from './currencies.js';
import { kindOf, movedOf, recordOf } from './frame.js';
import { entryBytes } from './frame-writer.js';
import type { PartitionState } from './partition-state.js';
import { DETAILS, RECORD, sameRequest, unpackDetail } from './record.js';
import type { GrantedReply, Reply } from './replies.js';
import { hexAt, keyOf, packChanges, readRequestEntry, userOf } from './request-record.js';
import { RESULT } from './slots.js';

/** The answer, or what it is made of when the request was granted now. */
export type Result =
  | (Reply & { readonly code: number })
  | { readonly code: number; readonly granted: GrantedReply; readonly actor: Actor };

/** Decides and applies requests: credits, orders, payments, players. One command at a time. */
export class Requests {
  readonly #state: PartitionState;
  /** The record of the command that is being decided, and its actor's key. */
  #records: Bytes = allocateBytes(0);
  #start = 0;
  #key = '';

  constructor(state: PartitionState) {
    this.#state = state;
  }

  run(kind: RequestKind, records: Bytes, start: number, actor: Actor | undefined): Result {
    this.#records = records;
    this.#start = start;
    const known = this.#known(actor);
    if (known !== undefined) return known;
    const version = actor?.version ?? 0;
    if (this.#state.isLate) return { code: RESULT.noTime, version, body: null };
    this.#key = keyOf(records, start);
    const ruling = decideRequest(kind, this.#ask(actor));
    switch (ruling.kind) {
      case 'told':
        return { code: RESULT.answered, version, body: ruling.body };
      case 'refused':
        return refused(ruling, version);
      case 'granted':
        if (!this.#state.mayWrite) return { code: RESULT.noRoom, version, body: null };
        return this.#accept(ruling, actor);
    }
  }

  /** The stored answer, or the refusal of another request under the same key. */
  #known(actor: Actor | undefined): Result | undefined {
    const { transactions } = this.#state;
    if (!transactions.findRequest(this.#records, this.#start)) return undefined;
    const { knownFrame, knownAt } = transactions;
    const stored = recordOf(knownFrame, knownAt);
    if (!sameRequest(this.#records, this.#start, knownFrame, stored)) {
      return refused(refuse('idempotency_key_reused'), actor?.version ?? 0);
    }
    const entry = readRequestEntry(knownFrame, knownAt, this.#state.currencies);
    return { code: RESULT.duplicate, version: entry.version, body: answerRequest(entry) };
  }

  #ask(account: Actor | undefined): Asked {
    const records = this.#records;
    const start = this.#start;
    return {
      player: userOf(records, start),
      account,
      args: unpackDetail(records, start, DETAILS.args),
      context: unpackDetail(records, start, DETAILS.context) as Asked['context'],
      id: hexAt(records.u8, start + RECORD.transaction),
      fresh: hexAt(records.u8, start + RECORD.request),
      time: this.#state.time,
      read: this.#read,
      earlier: this.#earlier,
    };
  }

  readonly #read: Asked['read'] = (collection, id) => {
    return this.#state.documents.read(this.#key, collection, id);
  };

  readonly #earlier: Asked['earlier'] = (id) => {
    const { transactions } = this.#state;
    if (!transactions.findOwn(id, this.#records, this.#start)) return undefined;
    const { knownFrame, knownAt } = transactions;
    return { kind: kindOf(knownFrame, knownAt), moved: movedOf(knownFrame, knownAt) };
  };

  /** After this point it must succeed: account, documents and entry change together. */
  #accept({ postings, changes }: Granted, known: Actor | undefined): Result {
    const { actors, books, documents, time, transactions } = this.#state;
    const records = this.#records;
    const start = this.#start;
    const actor = known ?? actors.open(records, start);
    applyToBooks(books, postings);
    applyToAccount(actor, postings);
    const packed = packChanges(changes);
    documents.apply(this.#key, packed, 0);
    if (known !== undefined) writeCurrency(records.u8, start + RECORD.currency, actor.currency);
    const added = { detail: 'changes', value: packed } as const;
    const frame = this.#state.openFrame(entryBytes(records, start, added));
    const at = frame.append(actor.head('none', postings), records, start, added);
    actors.noteEntry(actor, frame.number, at);
    transactions.acceptedRequest(records, start, frame.number, at);
    const { balance, version } = actor;
    const moved = movedToPlayer(postings);
    const granted = { version, balance, moved, time, changes: packed };
    return { code: RESULT.accepted, granted, actor };
  }
}

/** The answer to what is refused. */
export function refused({ code, members }: Refusal, version: number): Result {
  return { code: RESULT.refused, version, body: { code, members } };
}
