import type { Bytes } from '../partitions/bytes.js';
import { Hash } from '../partitions/hash.js';
import { RECORD } from '../partitions/record.js';
import { type Extra, RESULT, type Slot } from '../partitions/slots.js';
import type { Batch, Caller } from './batch.js';
import { Claims } from './claims.js';
import { type BetKind, type Body, CommandWriter } from './command-writer.js';
import { writeProbe } from './control-writer.js';
import type { PartitionClient } from './partition-client.js';
import { partitionOf } from './user-id.js';

const NO_ID = 0b1100;
const TAKEN_ELSEWHERE = 8;

/**
 * Brings commands to the partitions that own their users, and keeps an id to one effect in the
 * whole engine: while another partition has, or may be about to have, the same id, a command waits
 * or goes on with the note that its id is taken.
 */
export class Router {
  readonly #partitions: readonly PartitionClient[];
  readonly #writer = new CommandWriter();
  readonly #hash: Hash;
  /** Absent with one partition: it sees every id itself. */
  readonly #claims: Claims | undefined;
  /** Commands that wait for another's claim: they were taken, so a close lets them end. */
  readonly #contending = new Set<Promise<void>>();

  constructor(partitions: readonly PartitionClient[], seed: Uint8Array) {
    this.#partitions = partitions;
    this.#hash = new Hash(seed);
    this.#claims = partitions.length > 1 ? new Claims() : undefined;
  }

  get partitions(): number {
    return this.#partitions.length;
  }

  /** Learns which partition has which id. */
  async learn(): Promise<void> {
    for (const [number, partition] of this.#partitions.entries()) {
      this.#claims?.noteAll(await partition.ids(), number);
    }
  }

  /** Which partition owns a user, or whatever else has a name. */
  numberOf(user: unknown): number {
    return partitionOf(user, this.#partitions.length);
  }

  partition(number: number): PartitionClient {
    return this.#partitions[number] as PartitionClient;
  }

  partitionOf(user: unknown): PartitionClient {
    return this.partition(this.numberOf(user));
  }

  /** Sends a command on its way. Throws when it cannot be taken; nothing was done then. */
  send(kind: BetKind, body: Body, caller: Caller, tag: number): void {
    const number = this.numberOf(body['user']);
    this.#put(number, this.partition(number).batch(), kind, body, caller, tag);
  }

  /** The same for an operation of a list; false when its partition has no room for lists. */
  sendListed(number: number, kind: BetKind, body: Body, caller: Caller, tag: number): boolean {
    const batch = this.partition(number).listBatch();
    if (batch !== undefined) this.#put(number, batch, kind, body, caller, tag);
    return batch !== undefined;
  }

  #put(number: number, batch: Batch, kind: BetKind, body: Body, caller: Caller, tag: number): void {
    const partition = this.partition(number);
    const start = batch.end;
    const end = this.#writer.write(batch.slot.records, start, kind, body);
    const claims = this.#claims;
    if (claims === undefined || !this.#hasId(batch.slot.records, start, kind)) {
      partition.post(batch, caller, tag, end);
      return;
    }
    const key = this.#keyOf(batch.slot.records, start);
    if (claims.take(key, number)) {
      partition.post(batch, new Claimant(caller, claims, key, number), tag, end);
    } else this.#hold(this.#contend(claims, key, { number, kind, body, caller, tag }));
  }

  #hold(contending: Promise<void>): void {
    this.#contending.add(contending);
    void contending.finally(() => this.#contending.delete(contending));
  }

  /** Resolves when no command waits for another's claim. */
  async uncontended(): Promise<void> {
    while (this.#contending.size > 0) await Promise.all(this.#contending);
  }

  #hasId(records: Bytes, start: number, kind: BetKind): boolean {
    const faults = records.u8[start + RECORD.faults] as number;
    return kind !== 'read' && (faults & NO_ID) === 0;
  }

  #keyOf(records: Bytes, start: number): number {
    this.#hash.uuid(records, start + RECORD.transaction);
    return Claims.keyOf(this.#hash);
  }

  /** The slow way, for an id that another partition may have. */
  async #contend(claims: Claims, key: number, command: Contender): Promise<void> {
    const { number, body, caller, tag } = command;
    try {
      for (let held = claims.settled(key); held !== undefined; held = claims.settled(key)) {
        await held;
      }
      claims.hold(key, number);
      try {
        const taken = await this.#isTaken(claims.others(key, number), body);
        this.#sendHeld(new Claimant(caller, claims, key, number), command, taken);
      } catch (error) {
        claims.release(key, number, false);
        throw error;
      }
    } catch (error) {
      caller.fail(tag, error as Error);
    }
  }

  async #isTaken(others: readonly number[], body: Body): Promise<boolean> {
    for (const other of others) if (await probe(this.partition(other), body)) return true;
    return false;
  }

  #sendHeld(claimant: Claimant, { number, kind, body, tag }: Contender, taken: boolean): void {
    const partition = this.partition(number);
    const batch = partition.batch();
    const { records } = batch.slot;
    const end = this.#writer.write(records, batch.end, kind, body);
    const flags = batch.end + RECORD.flags;
    if (taken) records.u8[flags] = (records.u8[flags] as number) | TAKEN_ELSEWHERE;
    partition.post(batch, claimant, tag, end);
  }
}

/** A command under an id that another one holds, or may have. */
interface Contender {
  /** The partition of its user. */
  readonly number: number;
  readonly kind: BetKind;
  readonly body: Body;
  readonly caller: Caller;
  readonly tag: number;
}

/** Asks a partition whether an entry stands under the id of a body. */
function probe(partition: PartitionClient, body: Body): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const batch = partition.batch();
    const end = writeProbe(batch.slot.records, batch.end, body['transaction_uuid'] as string);
    const caller: Caller = {
      settle: (_tag, slot, index) => resolve(slot.balances[index] === 1),
      fail: (_tag, error) => reject(error),
    };
    partition.post(batch, caller, 0, end);
  });
}

/** Gives the id back when the command's outcome is known, or can never be. */
class Claimant implements Caller {
  readonly #caller: Caller;
  readonly #claims: Claims;
  readonly #key: number;
  readonly #partition: number;

  constructor(caller: Caller, claims: Claims, key: number, partition: number) {
    this.#caller = caller;
    this.#claims = claims;
    this.#key = key;
    this.#partition = partition;
  }

  settle(tag: number, slot: Slot, index: number, extra: Extra | undefined): void {
    const kept = (slot.codes[index] as number) < RESULT.REJECTED;
    this.#claims.release(this.#key, this.#partition, kept);
    this.#caller.settle(tag, slot, index, extra);
  }

  fail(tag: number, error: Error): void {
    // Perhaps the entry is on the disk: the claim says "may have", and whoever comes asks (K1).
    this.#claims.release(this.#key, this.#partition, true);
    this.#caller.fail(tag, error);
  }
}
