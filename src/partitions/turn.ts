import assert from 'node:assert/strict';
import { applyToAccount, applyToBooks } from '../ledger/apply.js';
import { betRules, type DecideBet } from '../ledger/bets.js';
import { dayOf } from '../ledger/daily.js';
import { type DialectName, dialects } from '../ledger/dialects.js';
import { decideOpen, decideSetting } from '../ledger/players.js';
import { isRefusal, type Refusal } from '../ledger/refusals.js';
import {
  type Accepted,
  absent,
  type BetCommand,
  type Decision,
  isRequest,
  isTransaction,
  type Kind,
  kindNames,
  mistyped,
  type Reference,
  type RequestKind,
  rejections,
  type Situation,
} from '../ledger/vocabulary.js';
import type { Actor } from './actor.js';
import type { Bytes } from './bytes.js';
import { writeCurrency } from './currencies.js';
import { Days } from './day.js';
import { AHEAD } from './fingerprints.js';
import { recordOf } from './frame.js';
import { entryBytes } from './frame-writer.js';
import type { PartitionState } from './partition-state.js';
import { Queries, type Query } from './queries.js';
import { NO_TIME } from './read-budget.js';
import {
  amountOf,
  DETAILS,
  FLAGS,
  faultsOf,
  RECORD,
  readDetail,
  recordLength,
  unpackDetail,
} from './record.js';
import { ReplyWriter } from './replies.js';
import { Requests, type Result, refused } from './requests.js';
import { expectedIn, settingOf } from './setting-record.js';
import { type Extra, type PlayerState, RESULT, type Slot } from './slots.js';
import { readUuid } from './uuid.js';

const NO_ID = absent('transaction') | mistyped('transaction');

/** Decides and applies the commands of one batch, in order, in memory. */
export class Turn {
  readonly #state: PartitionState;
  readonly #decideBet: DecideBet;
  readonly #answersWithStored: boolean;
  readonly #requests: Requests;
  readonly #queries: Queries;
  readonly #replies = new ReplyWriter();
  readonly #days: Days;

  constructor(state: PartitionState, dialect: DialectName) {
    this.#state = state;
    this.#requests = new Requests(state);
    this.#days = new Days(state.frames);
    this.#queries = new Queries(state);
    this.#decideBet = betRules(dialects[dialect]);
    this.#answersWithStored = dialects[dialect].retryAnswersWith === 'the stored request_uuid';
  }

  /** Writes the result of each command into the slot; the entries are in the state's open frame. */
  run(slot: Slot, count: number, bytes: number): Extra[] {
    const extras: Extra[] = [];
    this.#replies.begin(slot, bytes);
    this.#days.begin(dayOf(this.#state.time));
    this.#queries.begin();
    let start = 0;
    for (let index = 0; index < count; index++) {
      if (index % AHEAD === 0) this.#lookAhead(slot.records, start, count - index);
      this.#command(slot, index, start, extras);
      start += recordLength(slot.records, start);
    }
    return extras;
  }

  #lookAhead(records: Bytes, first: number, left: number): void {
    const starts: number[] = [];
    for (let start = first; starts.length < Math.min(left, AHEAD); ) {
      starts.push(start);
      start += recordLength(records, start);
    }
    this.#state.lookAhead(records, starts);
  }

  #command(slot: Slot, index: number, start: number, extras: Extra[]): void {
    const { records } = slot;
    const kind = kindNames.get(records.u8[start + RECORD.kind] as number);
    assert.ok(kind !== undefined, 'the engine writes known kinds');
    let actor = this.#state.actors.find(records, start);
    if (isRequest(kind)) {
      this.#reply(slot, index, extras, this.#requests.run(kind, records, start, actor));
      return;
    }
    if (kind === 'query') {
      this.#reply(slot, index, extras, this.#query(records, start, actor));
      return;
    }
    if (kind === 'bet' && actor && this.#days.mustWait(actor)) {
      slot.codes[index] = RESULT.noTime;
      return;
    }
    const reference = this.#state.transactions.reference(records, start);
    const decision = this.#decide(kind, records, start, actor, reference);
    if (decision.kind === 'accepted' && !this.#state.mayWrite) {
      slot.codes[index] = RESULT.noRoom;
      return;
    }
    if (decision.kind === 'accepted') {
      actor = this.#accept(kind, decision, records, start, actor, reference);
    }
    this.#answer(slot, index, decision, actor);
    if (decision.kind === 'duplicate' && this.#answersWithStored) {
      extras.push({ index, request: this.#storedRequest() });
    }
    if (actor !== undefined && (kind === 'player' || kind === 'status' || kind === 'limits')) {
      extras.push({ index, player: playerState(actor) });
    }
  }

  #reply(slot: Slot, index: number, extras: Extra[], result: Result): void {
    if (result.code === RESULT.noRoom || result.code === RESULT.noTime) {
      slot.codes[index] = result.code;
      return;
    }
    if ('granted' in result) {
      slot.currencies[2 * index] = result.actor.currencyLow;
      slot.currencies[2 * index + 1] = result.actor.currencyHigh;
    }
    slot.codes[index] = result.code;
    slot.balances[index] =
      'granted' in result
        ? this.#replies.writeGranted(result.granted, index, extras)
        : this.#replies.write(result, index, extras);
  }

  #query(records: Bytes, start: number, actor: Actor | undefined): Result {
    const query = unpackDetail(records, start, DETAILS.args) as Query;
    const version = actor?.version ?? 0;
    const body = this.#queries.run(query, actor, records, start);
    if (body === NO_TIME) return { code: RESULT.noTime, version, body: null };
    return isRefusal(body) ? refused(body, version) : { code: RESULT.answered, version, body };
  }

  #decide(
    kind: Exclude<Kind, RequestKind | 'query'>,
    records: Bytes,
    start: number,
    actor: Actor | undefined,
    reference: Reference | undefined,
  ): Decision | Refusal {
    const { transactions } = this.#state;
    switch (kind) {
      case 'bet':
      case 'win':
      case 'rollback':
      case 'read':
        return this.#bet(kind, records, start, actor, reference);
      case 'open':
        return decideOpen(actor, amountOf(records, start));
      case 'status':
      case 'limits':
        return decideSetting(actor, settingOf(kind, records, start), expectedIn(records, start));
      case 'player':
        return actor === undefined
          ? { kind: 'rejected', rejection: 'RS_ERROR_UNKNOWN' }
          : { kind: 'answered', balance: actor.balance };
      case 'probe':
        // Asked by the engine: does an entry of this partition stand under the id?
        return { kind: 'answered', balance: transactions.known(records, start) ? 1 : 0 };
      case 'genesis':
        throw new assert.AssertionError({ message: 'nobody may ask for a genesis entry' });
    }
  }

  #bet(
    kind: BetCommand['kind'],
    records: Bytes,
    start: number,
    account: Actor | undefined,
    reference: Reference | undefined,
  ): Decision {
    const { transactions } = this.#state;
    const flags = records.u8[start + RECORD.flags] as number;
    const faults = faultsOf(records, start);
    const hasId = kind !== 'read' && (faults & NO_ID) === 0;
    const daily = kind === 'bet' && account ? this.#days.of(account) : undefined;
    const tombstoned =
      hasId && account?.tombstones === true && transactions.tombstoned(records, start);
    // Last: where the known entry is stays readable until another frame is opened.
    const known = hasId ? transactions.known(records, start) : undefined;
    const situation: Situation = {
      account,
      known,
      takenElsewhere: (flags & FLAGS.takenElsewhere) !== 0,
      tombstoned,
      reference,
      daily,
    };
    const command: BetCommand = {
      kind,
      faults,
      currency: this.#state.currencies.read(records, start + RECORD.currency),
      amount: amountOf(records, start),
      free: (flags & FLAGS.free) !== 0,
      promo: (flags & FLAGS.promo) !== 0,
      hasReference: (flags & FLAGS.reference) !== 0,
    };
    return this.#decideBet(command, situation);
  }

  /** After this point it must succeed: the account changes and the entry is in the frame. */
  #accept(
    kind: Kind,
    { postings, mark }: Accepted,
    records: Bytes,
    start: number,
    known: Actor | undefined,
    reference: Reference | undefined,
  ): Actor {
    const { actors, books, transactions } = this.#state;
    const actor = known ?? actors.open(records, start);
    const before = actor.balance;
    applyToBooks(books, postings);
    applyToAccount(actor, postings);
    if (kind === 'status' || kind === 'limits') this.#state.set(actor, kind, records, start);
    if (mark === 'tombstone') actor.tombstones = true;
    records.u8[start + RECORD.flags] = (records.u8[start + RECORD.flags] as number) & KEPT_FLAGS;
    if (known !== undefined) writeCurrency(records.u8, start + RECORD.currency, actor.currency);
    const moved = actor.balance - before;
    const day = isTransaction(kind) ? this.#days.tell(actor, kind, moved, reference) : undefined;
    const frame = this.#state.openFrame(entryBytes(records, start, day));
    const at = frame.append(actor.head(mark, postings), records, start, day);
    actors.noteEntry(actor, frame.number, at);
    if (isTransaction(kind)) {
      transactions.accepted(records, start, frame.number, at, mark);
      assert.ok(kind !== 'bet' || moved <= 0, 'a bet never adds');
    }
    return actor;
  }

  #answer(slot: Slot, index: number, decision: Decision | Refusal, actor: Actor | undefined): void {
    slot.balances[index] = 'balance' in decision ? decision.balance : (actor?.balance ?? 0);
    slot.codes[index] =
      decision.kind === 'rejected'
        ? RESULT.REJECTED + rejections.indexOf(decision.rejection)
        : RESULT[decision.kind];
    if (actor !== undefined) {
      slot.currencies[2 * index] = actor.currencyLow;
      slot.currencies[2 * index + 1] = actor.currencyHigh;
    }
  }

  #storedRequest(): string {
    const { knownFrame, knownAt } = this.#state.transactions;
    const record = recordOf(knownFrame, knownAt);
    const asSent = readDetail(knownFrame, record, DETAILS.request);
    return asSent?.toString('latin1') ?? readUuid(knownFrame.u8, record + RECORD.request);
  }
}

const KEPT_FLAGS = 0xff & ~FLAGS.takenElsewhere;

function playerState(actor: Actor): PlayerState {
  const { balance, version, disabled, limits } = actor;
  return { balance, version, disabled, limits: limits ?? {} };
}
