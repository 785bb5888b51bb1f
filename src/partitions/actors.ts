import assert from 'node:assert/strict';
import type { Limits } from '../ledger/vocabulary.js';
import { limits } from '../limits.js';
import type { Actor } from './actor.js';
import { ActorTable } from './actor-table.js';
import { type Bytes, sameBytes } from './bytes.js';
import type { Currencies } from './currencies.js';
import { type Documents, LIMITS } from './documents.js';
import type { Fingerprints } from './fingerprints.js';
import { readEntryHead, recordOf, STANDING } from './frame.js';
import type { FrameStore } from './frame-store.js';
import { LocationIndex } from './location-index.js';
import { RECORD, userAt, userLength } from './record.js';

/**
 * The actors of a partition: those in memory, and where to load the others from.
 *
 * Memory has two generations of them. Who is asked for is taken over into the younger one; when
 * there are too many, the older one is dropped as it is and the younger one has become it.
 *
 * G1 Those of the older generation are clean: the actor index knows where their last entries are.
 * G2 A view of an actor is good until the next generation, which never begins within a turn.
 */
export class Actors {
  readonly index: LocationIndex = new LocationIndex();
  readonly #frames: FrameStore;
  readonly #hash: Fingerprints;
  readonly #currencies: Currencies;
  readonly #documents: Documents;
  #table: ActorTable;
  #older: ActorTable | undefined;
  /** Rows of the actors that changed since they were settled last, each once. */
  #changed: number[] = [];
  #soughtBytes: Bytes | undefined;
  #soughtStart = 0;

  constructor(
    frames: FrameStore,
    hash: Fingerprints,
    currencies: Currencies,
    documents: Documents,
  ) {
    this.#frames = frames;
    this.#hash = hash;
    this.#currencies = currencies;
    this.#documents = documents;
    this.#table = new ActorTable(currencies);
  }

  /** Actors in memory; one that was taken over is in both generations, and counts twice. */
  get resident(): number {
    return this.#table.size + (this.#older?.size ?? 0);
  }

  /** Whether there are too many, and the younger generation has had time to take over who is busy. */
  get crowded(): boolean {
    const most = limits.resident_actors;
    return this.resident > most && this.#table.size > most / 2;
  }

  /** How many changed since they were settled last. */
  get changed(): number {
    return this.#changed.length;
  }

  /** Fetches what is in memory of the users ahead. */
  fetch(): void {
    this.#table.fetch(this.#hash.users.tags, this.#hash.count);
  }

  /** The actor of a record's user; loads it when it is not in memory. */
  find(bytes: Bytes, start: number): Actor | undefined {
    const actor = this.findResident(bytes, start);
    return actor ?? (this.index.size === 0 ? undefined : this.#load(bytes, start));
  }

  /** Leaves the user's fingerprint in the hash. */
  findResident(bytes: Bytes, start: number): Actor | undefined {
    const at = userAt(bytes, start);
    const length = userLength(bytes, start);
    this.#hash.user(bytes, start);
    const actor = this.#table.find(this.#hash, bytes, at, length);
    if (actor !== undefined || this.#older === undefined) return actor;
    const older = this.#older.find(this.#hash, bytes, at, length);
    return older && this.#table.addCopy(older, this.#older);
  }

  /** A new actor for a record's user, whose fingerprint is in the hash; it has no entry yet. */
  create(bytes: Bytes, start: number): Actor {
    const length = userLength(bytes, start);
    const currency = start + RECORD.currency;
    return this.#table.add(this.#hash, bytes, userAt(bytes, start), length, currency);
  }

  /** A new actor for a record's user, who has none. */
  open(bytes: Bytes, start: number): Actor {
    this.#hash.user(bytes, start);
    return this.create(bytes, start);
  }

  /** Notes that the actor's last entry is at this place. */
  noteEntry(actor: Actor, frame: number, at: number): void {
    if (actor.indexedFrame === 0) {
      this.index.upsertTag(actor.lane, actor.tag, frame, at, 0);
      actor.indexAt(frame, at);
    }
    actor.moveTo(frame, at);
    if (!actor.dirty) {
      actor.dirty = true;
      this.#changed.push(actor.row);
    }
  }

  /** Brings the index up to the last entries of so many actors; they are clean until they change again. */
  settle(count: number): void {
    for (let left = count; left > 0; left--) {
      const row = this.#changed.pop();
      if (row !== undefined) this.#settle(this.#table.actor(row));
    }
  }

  #settle(actor: Actor): void {
    const { indexedFrame, indexedAt, frame, at } = actor;
    if (indexedFrame !== frame || indexedAt !== at) {
      const found = this.index.findTag(actor.lane, actor.tag, (otherFrame, otherAt) => {
        return otherFrame === indexedFrame && otherAt === indexedAt;
      });
      assert.ok(found, 'the actor index has every actor');
      this.index.move(frame, at);
      actor.indexAt(frame, at);
    }
    actor.dirty = false;
  }

  #load(bytes: Bytes, start: number): Actor | undefined {
    this.#soughtBytes = bytes;
    this.#soughtStart = start;
    if (!this.index.find(this.#hash, this.#isSought)) return undefined;
    const { frame, at } = this.index;
    const actor = this.restore(this.#frames.open(frame), frame, at);
    actor.indexAt(frame, at);
    return actor;
  }

  /** The actor as its entry at this place left it. Its fingerprint must be in the hash. */
  restore(bytes: Bytes, frame: number, at: number): Actor {
    const actor = this.create(bytes, recordOf(bytes, at));
    const { balance, version, standing } = readEntryHead(bytes, at);
    actor.balance = balance;
    actor.version = version;
    actor.disabled = (standing & STANDING.disabled) !== 0;
    actor.tombstones = (standing & STANDING.tombstones) !== 0;
    if ((standing & STANDING.limits) !== 0) actor.limits = this.readLimits(actor);
    actor.moveTo(frame, at);
    return actor;
  }

  /** The limits of an actor that is not in memory. */
  readLimits(actor: Actor): Limits | undefined {
    return this.#documents.read(actor.key, 'own', LIMITS) as Limits | undefined;
  }

  readonly #isSought = (frame: number, at: number): boolean => {
    const sought = this.#soughtBytes as Bytes;
    const bytes = this.#frames.open(frame);
    const record = recordOf(bytes, at);
    const length = userLength(bytes, record);
    if (length !== userLength(sought, this.#soughtStart)) return false;
    const here = userAt(sought, this.#soughtStart);
    return sameBytes(bytes.u8, userAt(bytes, record), sought.u8, here, length);
  };

  /** Begins a generation, when no actor is dirty, and drops the oldest: nobody asked for who is in it. */
  age(): void {
    assert.equal(this.#changed.length, 0, 'a generation is clean when it is the older one');
    this.#older = this.#table;
    this.#table = new ActorTable(this.#currencies, this.#older.capacity);
  }
}
