import { absent, mistyped } from '../ledger/vocabulary.js';
import type { Bytes } from '../partitions/bytes.js';
import { Hash } from '../partitions/hash.js';
import { partitionOf } from '../partitions/partition-of.js';
import { FLAGS, faultsOf, RECORD } from '../partitions/record.js';
import { type Extra, RESULT, type Slot } from '../partitions/slots.js';
import type { Batch, Caller } from './batch.js';
import { Claims } from './claims.js';
import { type BetKind, type Body, CommandWriter } from './command-writer.js';
import { writeProbe } from './control-writer.js';
import { isUnknown } from './errors.js';
import { type Command, Held } from './held.js';
import type { PartitionClient } from './partition-client.js';

const NO_ID = absent('transaction') | mistyped('transaction');
/** In place of a key. */
const PUT = -1;

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
  readonly #held: Held;

  constructor(partitions: readonly PartitionClient[], seed: Uint8Array) {
    this.#partitions = partitions;
    this.#hash = new Hash(seed);
    this.#claims = partitions.length > 1 ? new Claims() : undefined;
    this.#held = new Held(partitions.length, (command) => this.#sendHeld(command));
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
    const batch = this.partition(number).batch();
    if (this.#isPut(batch, number, kind, body, caller, tag)) return;
    this.#held.demandRoom(number);
    const command = this.#commandOf(batch, number, kind, body, caller, tag, false);
    void this.#held.add(body['user'], command);
  }

  /**
   * The same for an operation of a list: true when it is on its way, false when its partition has no
   * room for lists. Where it gives a promise the operation is held, until that resolves.
   */
  sendListed(
    number: number,
    kind: BetKind,
    body: Body,
    caller: Caller,
    tag: number,
  ): boolean | Promise<void> {
    const batch = this.partition(number).listBatch();
    if (batch === undefined) return false;
    if (this.#isPut(batch, number, kind, body, caller, tag)) return true;
    const command = this.#commandOf(batch, number, kind, body, caller, tag, true);
    return this.#held.add(body['user'], command);
  }

  /** Whether a command goes on now: nobody waits before it, and no other partition may have its id. */
  #isPut(
    batch: Batch,
    number: number,
    kind: BetKind,
    body: Body,
    caller: Caller,
    tag: number,
  ): boolean {
    if (this.#held.has(body['user'])) return false;
    const end = this.#writer.write(batch.slot.records, batch.end, kind, body);
    return this.#put(batch, number, kind, end, caller, tag) === PUT;
  }

  /**
   * Puts in the record that was written behind the batch: `PUT`, or the key of its id when another
   * partition has that, or may be about to have it.
   */
  #put(
    batch: Batch,
    number: number,
    kind: BetKind,
    end: number,
    caller: Caller,
    tag: number,
  ): number {
    const { records } = batch.slot;
    const start = batch.end;
    const claims = this.#claims;
    const partition = this.partition(number);
    if (claims === undefined || !hasId(records, start, kind)) {
      partition.post(batch, caller, tag, end);
      return PUT;
    }
    this.#hash.uuid(records, start + RECORD.transaction);
    const key = Claims.keyOf(this.#hash);
    if (!claims.take(key, number)) return key;
    partition.post(batch, new Claimant(caller, claims, key, number), tag, end);
    return PUT;
  }

  /** A command that waits has its record with it: the body is its caller's again. */
  #commandOf(
    { slot: { records }, end: start }: Batch,
    number: number,
    kind: BetKind,
    body: Body,
    caller: Caller,
    tag: number,
    listed: boolean,
  ): Command {
    const end = this.#writer.write(records, start, kind, body);
    // A copy, which the `slice` of a Buffer is not.
    const record = new Uint8Array(records.u8.subarray(start, end));
    return { number, kind, record, caller, tag, listed };
  }

  async #sendHeld(command: Command): Promise<void> {
    const { number, kind, record, caller, tag } = command;
    const put = (batch: Batch) =>
      this.#put(batch, number, kind, copyTo(batch, record), caller, tag);
    const key = await this.#inBatch(number, command, put);
    if (key !== PUT) await this.#contend(this.#claims as Claims, key, command);
  }

  /** Calls back with a batch to write into at once; an operation of a list waits for room first. */
  async #inBatch<T>(number: number, { listed }: Command, use: (batch: Batch) => T): Promise<T> {
    const partition = this.partition(number);
    for (;;) {
      const batch = listed ? partition.listBatch() : partition.batch();
      if (batch !== undefined) return use(batch);
      await partition.room();
    }
  }

  /** How many commands of a partition wait outside its mailbox. */
  heldBy(partition: number): number {
    return this.#held.count(partition);
  }

  /** Resolves when no command is held. */
  unheld(): Promise<void> {
    return this.#held.ended();
  }

  /** The slow way, for an id that another partition may have. */
  async #contend(claims: Claims, key: number, command: Command): Promise<void> {
    const { number, caller } = command;
    for (let held = claims.settled(key); held !== undefined; held = claims.settled(key)) {
      await held;
    }
    claims.hold(key, number);
    try {
      const taken = await this.#isTaken(claims.others(key, number), command);
      const claimant = new Claimant(caller, claims, key, number);
      await this.#inBatch(number, command, (batch) => {
        this.#putHeld(batch, command, claimant, taken);
      });
    } catch (error) {
      claims.release(key, number, false);
      throw error;
    }
  }

  async #isTaken(others: readonly number[], command: Command): Promise<boolean> {
    for (const other of others) {
      const ask = (batch: Batch) => probe(this.partition(other), batch, command.record);
      if (await this.#inBatch(other, command, ask)) return true;
    }
    return false;
  }

  #putHeld(batch: Batch, { number, record, tag }: Command, claimant: Caller, taken: boolean) {
    const { records } = batch.slot;
    const end = copyTo(batch, record);
    const flags = batch.end + RECORD.flags;
    if (taken) records.u8[flags] = (records.u8[flags] as number) | FLAGS.takenElsewhere;
    this.partition(number).post(batch, claimant, tag, end);
  }
}

function hasId(records: Bytes, start: number, kind: BetKind): boolean {
  return kind !== 'read' && (faultsOf(records, start) & NO_ID) === 0;
}

/** Copies a record behind a batch, and returns where it ends. */
function copyTo({ slot: { records }, end }: Batch, record: Uint8Array): number {
  records.u8.set(record, end);
  return end + record.length;
}

/** Asks a partition whether an entry stands under the id of a record. */
function probe(partition: PartitionClient, batch: Batch, record: Uint8Array): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const id = record.subarray(RECORD.transaction, RECORD.transaction + 16);
    const end = writeProbe(batch.slot.records, batch.end, id);
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
    // First: if it throws, `fail` comes after it, and the id is given back once.
    this.#caller.settle(tag, slot, index, extra);
    const kept = (slot.codes[index] as number) < RESULT.REJECTED;
    this.#claims.release(this.#key, this.#partition, kept);
  }

  fail(tag: number, error: Error): void {
    // Perhaps the entry is on the disk: then the claim says "may have", and whoever comes asks (K1).
    this.#claims.release(this.#key, this.#partition, isUnknown(error));
    this.#caller.fail(tag, error);
  }
}
