import assert from 'node:assert/strict';
import type { Account, Daily, Limits, Mark, Posting } from '../ledger/vocabulary.js';
import { type Bytes, sameBytes } from './bytes.js';
import type { Currencies } from './currencies.js';
import { readDaily } from './day.js';
import { type Documents, LIMITS } from './documents.js';
import { type EntryHead, readEntryHead, recordOf, STANDING } from './frame.js';
import type { FrameStore } from './frame-store.js';
import type { Hash } from './hash.js';
import { LocationIndex } from './location-index.js';
import { RECORD, userAt, userLength } from './record.js';

/** A user's state on the thread that owns it. */
export class Actor implements Account {
  /** The user id's UTF-8 bytes, one character each. */
  readonly key: string;
  readonly currency: string;
  /** The eight bytes of the currency's code as two words. */
  readonly currencyLow: number;
  readonly currencyHigh: number;
  /** The user's fingerprint, as signed words: those need no boxes on the heap. */
  readonly tag: number;
  readonly lane: number;
  balance = 0;
  version = 0;
  disabled = false;
  tombstones = false;
  limits: Limits | undefined = undefined;
  /** The day so far, once a limit has asked for it. */
  daily: Daily | undefined = undefined;
  /** Where the last entry is; frame 0 before the first one. */
  frame = 0;
  at = 0;
  /** Where the actor index says that it is. */
  indexedFrame = 0;
  indexedAt = 0;
  /** Changed since the last checkpoint. */
  dirty = false;
  /** Touched since the last sweep. */
  touched = true;

  constructor(key: string, currency: string, low: number, high: number, hash: Hash) {
    this.key = key;
    this.currency = currency;
    this.currencyLow = low;
    this.currencyHigh = high;
    this.tag = hash.tag | 0;
    this.lane = hash.lane | 0;
  }

  /** What its next entry says of it. */
  head(mark: Mark, postings: readonly Posting[]): EntryHead {
    return {
      version: this.version,
      balance: this.balance,
      previousFrame: this.frame,
      previousAt: this.at,
      mark,
      standing: this.standing(),
      postings,
    };
  }

  /** The bits of `STANDING`. */
  standing(): number {
    return (
      (this.disabled ? STANDING.disabled : 0) |
      (this.tombstones ? STANDING.tombstones : 0) |
      (this.limits === undefined ? 0 : STANDING.limits)
    );
  }
}

const SMALLEST = 1024;
const FULLEST = 0.6;

/** The actors of a partition: those in memory, and where to load the others from. */
export class Actors {
  readonly index: LocationIndex = new LocationIndex();
  /** Actors that changed since they were settled last, each once. */
  readonly dirty: Actor[] = [];
  readonly #frames: FrameStore;
  readonly #hash: Hash;
  readonly #currencies: Currencies;
  readonly #documents: Documents;
  #slots: (Actor | undefined)[] = new Array(SMALLEST).fill(undefined);
  /** The tag of each slot's actor: a look-up touches an actor only when it is likely the one. */
  #tags = new Int32Array(SMALLEST);
  #resident = 0;
  #soughtBytes: Bytes | undefined;
  #soughtStart = 0;

  constructor(frames: FrameStore, hash: Hash, currencies: Currencies, documents: Documents) {
    this.#frames = frames;
    this.#hash = hash;
    this.#currencies = currencies;
    this.#documents = documents;
  }

  get resident(): number {
    return this.#resident;
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
    this.#hash.text(bytes, at, length);
    const tag = this.#hash.tag | 0;
    const tags = this.#tags;
    const mask = tags.length - 1;
    for (let slot = tag & mask; ; slot = (slot + 1) & mask) {
      if (tags[slot] !== tag && tags[slot] !== 0) continue;
      const actor = this.#slots[slot];
      if (actor === undefined) return undefined;
      if (actor.tag === tag && hasKey(actor.key, bytes.u8, at, length)) {
        actor.touched = true;
        return actor;
      }
    }
  }

  /** A new actor for a record's user, whose fingerprint is in the hash; it has no entry yet. */
  create(bytes: Bytes, start: number): Actor {
    const at = userAt(bytes, start);
    const key = bytes.u8.toString('latin1', at, at + userLength(bytes, start));
    const currency = this.#currencies.read(bytes, start + RECORD.currency);
    const word = (start + RECORD.currency) >> 2;
    const [low, high] = [bytes.u32[word] as number, bytes.u32[word + 1] as number];
    const actor = new Actor(key, currency, low, high, this.#hash);
    this.#insert(actor);
    return actor;
  }

  /** A new actor for a record's user, who has none. */
  open(bytes: Bytes, start: number): Actor {
    this.#hash.text(bytes, userAt(bytes, start), userLength(bytes, start));
    return this.create(bytes, start);
  }

  /** Notes that the actor's last entry is at this place. */
  moved(actor: Actor, frame: number, at: number): void {
    if (actor.indexedFrame === 0) {
      this.index.upsertTag(actor.lane, actor.tag >>> 0, frame, at, 0);
      actor.indexedFrame = frame;
      actor.indexedAt = at;
    }
    actor.frame = frame;
    actor.at = at;
    if (!actor.dirty) {
      actor.dirty = true;
      this.dirty.push(actor);
    }
  }

  /** Brings the index up to the actor's last entry; the actor is clean until it changes again. */
  settle(actor: Actor): void {
    if (actor.indexedFrame !== actor.frame || actor.indexedAt !== actor.at) {
      const found = this.index.findTag(actor.lane, actor.tag >>> 0, (frame, at) => {
        return frame === actor.indexedFrame && at === actor.indexedAt;
      });
      assert.ok(found, 'the actor index has every actor');
      this.index.move(actor.frame, actor.at);
      actor.indexedFrame = actor.frame;
      actor.indexedAt = actor.at;
    }
    actor.dirty = false;
  }

  #load(bytes: Bytes, start: number): Actor | undefined {
    this.#soughtBytes = bytes;
    this.#soughtStart = start;
    if (!this.index.find(this.#hash, this.#isSought)) return undefined;
    const { frame, at } = this.index;
    const actor = this.restore(this.#frames.open(frame), frame, at);
    actor.indexedFrame = frame;
    actor.indexedAt = at;
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
    actor.frame = frame;
    actor.at = at;
    return actor;
  }

  /** The limits of an actor that is not in memory. */
  readLimits(actor: Actor): Limits | undefined {
    return this.#documents.read(actor.key, 'own', LIMITS) as Limits | undefined;
  }

  /** What the actor staked and won on a day: counted along, or read from its entries. */
  dailyOf(actor: Actor, day: number): Daily {
    if (actor.daily?.day !== day) actor.daily = readDaily(this.#frames, actor, day);
    return actor.daily;
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

  /** Removes clean actors that nothing touched since the last sweep. */
  sweep(): void {
    const kept = this.#slots.filter(
      (actor) => actor !== undefined && (actor.dirty || actor.touched),
    );
    let size = SMALLEST;
    while (kept.length > size * FULLEST) size *= 2;
    this.#slots = new Array(size).fill(undefined);
    this.#tags = new Int32Array(size);
    this.#resident = 0;
    for (const actor of kept as Actor[]) {
      actor.touched = false;
      this.#insert(actor);
    }
  }

  #insert(actor: Actor): void {
    if (this.#resident + 1 > this.#slots.length * FULLEST) this.#grow();
    this.#place(actor);
    this.#resident += 1;
  }

  #grow(): void {
    const old = this.#slots;
    this.#slots = new Array(old.length * 2).fill(undefined);
    this.#tags = new Int32Array(old.length * 2);
    for (const actor of old) if (actor !== undefined) this.#place(actor);
  }

  #place(actor: Actor): void {
    const mask = this.#slots.length - 1;
    let slot = actor.tag & mask;
    while (this.#slots[slot] !== undefined) slot = (slot + 1) & mask;
    this.#slots[slot] = actor;
    this.#tags[slot] = actor.tag;
  }
}

function hasKey(key: string, u8: Uint8Array, at: number, length: number): boolean {
  if (key.length !== length) return false;
  for (let i = 0; i < length; i++) if (key.charCodeAt(i) !== u8[at + i]) return false;
  return true;
}
