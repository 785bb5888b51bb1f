import type { Limits } from '../ledger/vocabulary.js';
import { limits } from '../limits.js';
import { type Bytes, viewBytes } from './bytes.js';

/**
 * The shared ring through which batches go to a partition and their results come back: per slot
 * the commands' records, then for each command a balance, a currency code and a result code.
 */
export interface Slot {
  readonly records: Bytes;
  readonly balances: Float64Array;
  /** Two words a command: the eight bytes of the account's currency. */
  readonly currencies: Uint32Array;
  readonly codes: Uint8Array;
}

const N = limits.batch_commands;
const SLOT_BYTES = limits.batch_slot_bytes + N * (8 + 8 + 1);

export function allocateSlots(): SharedArrayBuffer {
  return new SharedArrayBuffer(SLOT_BYTES * limits.mailbox_batches);
}

export function slotsOf(buffer: SharedArrayBuffer): readonly Slot[] {
  return Array.from({ length: limits.mailbox_batches }, (_, i) => {
    const start = i * SLOT_BYTES;
    const results = start + limits.batch_slot_bytes;
    return {
      records: viewBytes(buffer, start, limits.batch_slot_bytes),
      balances: new Float64Array(buffer, results, N),
      currencies: new Uint32Array(buffer, results + 8 * N, 2 * N),
      codes: new Uint8Array(buffer, results + 16 * N, N),
    };
  });
}

/** Result codes; a rejection is `REJECTED` plus its place in the ledger's list. */
export const RESULT = {
  accepted: 0,
  duplicate: 1,
  answered: 2,
  /** Of a request, whose reply says why; or of a setting: the player has another version. */
  refused: 3,
  /** It would have been written, and the disk is too full; nothing was done. */
  noRoom: 4,
  /** It would have been read, and this turn has no time for it. */
  noTime: 5,
  REJECTED: 16,
} as const;

/** What some results carry beside their fixed fields; rare, so it is cloned. */
export interface Extra {
  readonly index: number;
  /** The stored `request_uuid`, for the answer to a retry. */
  readonly request?: string;
  readonly player?: PlayerState;
  /** A reply that had no room in the slot. */
  readonly reply?: ReadReply;
}

/** A reply as it was written. */
export interface ReadReply {
  readonly version: number;
  readonly balance: number;
  readonly moved: number;
  readonly time: number;
  /** Where the packed body or changes are: good until the batch is settled. */
  readonly content: Buffer;
  readonly at: number;
}

export interface PlayerState {
  readonly balance: number;
  readonly version: number;
  readonly disabled: boolean;
  readonly limits: Limits;
}

/** What the engine asks a partition to do. `epoch` must be the thread's own. */
export type Task =
  | TurnTask
  | { readonly kind: 'hello' }
  | { readonly kind: 'books'; readonly epoch: number }
  | { readonly kind: 'ids'; readonly epoch: number }
  | { readonly kind: 'close'; readonly epoch: number };

/** A batch to be decided, and made durable. */
export interface TurnTask {
  readonly kind: 'turn';
  readonly epoch: number;
  readonly slot: number;
  readonly count: number;
  /** Bytes of the records. */
  readonly bytes: number;
  readonly time: number;
}

export interface TurnResult {
  readonly extras: readonly Extra[];
}

export interface Hello {
  readonly epoch: number;
  readonly frame: number;
  /** Of its last entry, milliseconds since 1970. */
  readonly time: number;
  /** Why a checkpoint that was there was not used. */
  readonly notice: string | undefined;
}

/** What a partition's thread is started with. */
export interface PartitionOptions {
  readonly directory: string;
  readonly partition: number;
  readonly durability: 'disk' | 'process';
  readonly dialect: 'exwallet' | 'hub88';
  /** Eight bytes that seed the hash of ids. */
  readonly seed: Uint8Array;
  /** What the first frame names as the hash before it. */
  readonly genesisHash: Uint8Array;
  /** This partition's share of the treasury's supply, minor units. */
  readonly supply: number;
  readonly currency: string;
  readonly slots: SharedArrayBuffer;
  /** One counter: how many threads this partition has had. */
  readonly epochs: SharedArrayBuffer;
  /** Two doubles: frames replayed and frames to replay. */
  readonly progress: SharedArrayBuffer;
  /** As `whole-writes.ts` says; absent where nobody else opens what is written. */
  readonly writes?: SharedArrayBuffer | undefined;
}
