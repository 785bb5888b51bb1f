import assert from 'node:assert/strict';
import { limits } from '../limits.js';
import type { Hash } from '../partitions/hash.js';
import { TABLES } from '../partitions/location-index.js';

const SMALLEST = 16;
const FULLEST = 0.8;
const GROWTH = 1.4;
const TWO_32 = 4294967296;

/**
 * An id in flight is a number, for there is one for each command: how many commands carry it, their
 * partition, and whether the one that does is alone.
 */
const ALONE = 1;
const PARTITION = 2;
const COMMAND = 128;
assert.ok(limits.partitions * PARTITION <= COMMAND);

/**
 * Which partition may have which id: a fingerprint and one byte for each.
 *
 * K1 A filter: it may name a partition that does not have the id, never miss one that has it.
 *    Whoever acts on it asks that partition.
 * K2 While a command is in flight its id belongs to its partition; another partition's command
 *    under the same id waits for the outcome.
 * K3 While a command asks other partitions about its id, no other command of any user passes it.
 */
export class Claims {
  readonly #tags: (Uint32Array | undefined)[] = new Array(TABLES).fill(undefined);
  /** The partition's number plus one; 0 for a free slot. */
  readonly #owners: (Uint8Array | undefined)[] = new Array(TABLES).fill(undefined);
  readonly #used = new Uint32Array(TABLES);
  readonly #flights = new Map<number, number>();
  readonly #waiting = new Map<number, (() => void)[]>();

  /** A number for the id whose fingerprint is in the hash. */
  static keyOf(hash: Hash): number {
    return (hash.lane & (TABLES - 1)) * TWO_32 + hash.tag;
  }

  /** Takes an id for a command of `partition`, unless another partition has it or may have it. */
  take(key: number, partition: number): boolean {
    const flight = this.#flights.get(key);
    if (flight !== undefined) {
      if (flight % COMMAND !== partition * PARTITION) return false;
      this.#flights.set(key, flight + COMMAND);
      return true;
    }
    if (this.#hasOther(key, partition)) return false;
    this.#flights.set(key, COMMAND + partition * PARTITION);
    return true;
  }

  /**
   * Takes an id that nobody holds for one command alone (K3): it asks other partitions first, and
   * a copy of it must not overtake what they say.
   */
  hold(key: number, partition: number): void {
    assert.ok(!this.#flights.has(key), 'nobody holds the id');
    this.#flights.set(key, COMMAND + partition * PARTITION + ALONE);
  }

  /** Gives an id back; `kept` when the partition has it now, or may have it. */
  release(key: number, partition: number, kept: boolean): void {
    if (kept) this.note(key, partition);
    const flight = this.#flights.get(key);
    if (flight === undefined) return;
    if (flight >= 2 * COMMAND) {
      this.#flights.set(key, flight - COMMAND);
      return;
    }
    this.#flights.delete(key);
    const waiting = this.#waiting.get(key);
    if (waiting === undefined) return;
    this.#waiting.delete(key);
    for (const go of waiting) go();
  }

  /** Resolves when nobody holds the id; undefined when nobody does. */
  settled(key: number): Promise<void> | undefined {
    if (!this.#flights.has(key)) return undefined;
    return new Promise((resolve) => {
      const waiting = this.#waiting.get(key);
      if (waiting === undefined) this.#waiting.set(key, [resolve]);
      else waiting.push(resolve);
    });
  }

  /** The other partitions that may have the id. */
  others(key: number, partition: number): number[] {
    const found: number[] = [];
    for (let other = 0; other < limits.partitions; other++) {
      if (other !== partition && this.#has(key, other)) found.push(other);
    }
    return found;
  }

  /** Notes that a partition has an id. */
  note(key: number, partition: number): void {
    if (this.#has(key, partition)) return;
    const lane = Math.floor(key / TWO_32);
    const used = this.#used[lane] as number;
    const capacity = this.#tags[lane]?.length ?? 0;
    if (used + 1 > capacity * FULLEST) this.#grow(lane);
    this.#put(lane, key % TWO_32, partition + 1);
    this.#used[lane] = used + 1;
  }

  /** Notes the ids of a partition, as pairs of lane and tag. */
  noteAll(pairs: Uint32Array, partition: number): void {
    for (let i = 0; i < pairs.length; i += 2) {
      this.note((pairs[i] as number) * TWO_32 + (pairs[i + 1] as number), partition);
    }
  }

  #has(key: number, partition: number): boolean {
    return this.#find(key, partition, true);
  }

  #hasOther(key: number, partition: number): boolean {
    return this.#find(key, partition, false);
  }

  /** Whether the fingerprint stands there with the partition as its owner, or with another one. */
  #find(key: number, partition: number, isOwner: boolean): boolean {
    const lane = Math.floor(key / TWO_32);
    const tags = this.#tags[lane];
    const owners = this.#owners[lane];
    if (tags === undefined || owners === undefined) return false;
    const tag = key % TWO_32;
    let slot = Math.floor((tag * tags.length) / TWO_32);
    for (let owner = owners[slot]; owner !== 0; owner = owners[slot]) {
      if (tags[slot] === tag && (owner === partition + 1) === isOwner) return true;
      slot = slot + 1 === tags.length ? 0 : slot + 1;
    }
    return false;
  }

  #put(lane: number, tag: number, owner: number): void {
    const tags = this.#tags[lane] as Uint32Array;
    const owners = this.#owners[lane] as Uint8Array;
    let slot = Math.floor((tag * tags.length) / TWO_32);
    while (owners[slot] !== 0) slot = slot + 1 === tags.length ? 0 : slot + 1;
    tags[slot] = tag;
    owners[slot] = owner;
  }

  #grow(lane: number): void {
    const oldTags = this.#tags[lane] ?? new Uint32Array(0);
    const oldOwners = this.#owners[lane] ?? new Uint8Array(0);
    const capacity = Math.max(SMALLEST, Math.ceil(oldTags.length * GROWTH));
    this.#tags[lane] = new Uint32Array(capacity);
    this.#owners[lane] = new Uint8Array(capacity);
    for (let slot = 0; slot < oldTags.length; slot++) {
      const owner = oldOwners[slot] as number;
      if (owner !== 0) this.#put(lane, oldTags[slot] as number, owner);
    }
  }
}
