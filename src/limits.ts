import assert from 'node:assert/strict';

const KIB = 1024;
const MIB = 1024 * KIB;

/** Every bound of the engine, its unit last in its name. */
export const limits = {
  /** Commands in one batch, and so entries in one frame. */
  batch_commands: 1024,
  /** A batch that has reached this many bytes takes no further command. */
  batch_full_bytes: 256 * KIB,
  /** Room of one batch in the shared ring; one command always fits behind a batch not yet full. */
  batch_slot_bytes: 2 * MIB,
  /** Batches that may wait or be in flight in one partition; beyond it: `overloaded`. */
  mailbox_batches: 64,
  /** No batch is begun that would be answered later than this, at the pace of the last ones. */
  mailbox_answer_ms: 300,
  /** So many may wait at any pace: one that is full and one that fills. */
  mailbox_least_batches: 2,
  /** Batches that a thread has at once: becoming durable, waiting for the next commit, decided. */
  partition_batches_in_flight: 8,
  /** Requests and players' reads that a turn comes to later are `overloaded`: it must be answered. */
  turn_long_ms: 1_000,
  /** A bet whose player's day is not read to its end when a turn has read days for so long is `overloaded`. */
  turn_days_ms: 50,
  /** A second batch leaves before the first has returned only when it has this many commands. */
  batch_early_commands: 256,

  /** Operations of lists wait while this many batches wait in their partition. */
  bulk_batches: 4,
  /** No list is taken while so many operations of lists have no answer, shared by the partitions. */
  listed_operations: 65_536,
  /** What a list counts for at most: a long one goes on in turn with the others. */
  list_weight_operations: 4_096,

  /** Passwords that wait to be hashed: some seconds' work; beyond it: `overloaded`. */
  passwords_waiting: 128,

  /** Longest user id. */
  user_bytes: 255,
  /** Longest currency code. */
  currency_bytes: 8,
  /** All optional fields of one command together. */
  details_bytes: MIB + 64 * KIB,
  /** Longest `token` (a rule of Hub88's wallet protocol). */
  token_characters: 255,

  /** An entry begins at a multiple of this many bytes in its frame. */
  entry_alignment_bytes: 8,
  /** A frame that has reached this many bytes takes no further entry. */
  frame_full_bytes: 448 * KIB,
  /** A frame of at most this size is committed by the partition's own thread. */
  frame_small_bytes: 16 * KIB,
  /** Postings of one entry. */
  entry_postings: 5,
  /** Frames kept in memory, so that a retry or win finds a recent transaction without the disk. */
  recent_frames_bytes: 64 * MIB,
  /** Space of the address map that LMDB reserves for a journal. */
  journal_map_bytes: 512 * 1024 * MIB,
  /** Writes are refused while less than this is left of it. */
  map_reserve_bytes: 256 * MIB,
  checkpoint_map_bytes: 64 * 1024 * MIB,
  /** What all wallets of a process may reserve: of 128 TiB a half is in one piece, not always more. */
  address_space_bytes: 48 * 1024 * 1024 * MIB,
  /** Writes are refused while the file system has less free space than this. */
  disk_reserve_bytes: 256 * MIB,
  disk_check_interval_ms: 1000,

  /** A partition writes a checkpoint after this many entries. */
  checkpoint_entries: 500_000,
  /** The same after this many changes of documents: they are in memory until then, some 250 bytes each. */
  changed_documents: 50_000,
  /** The same after this many bytes of them. */
  changed_documents_bytes: 64 * MIB,
  /** Actors whose place a checkpoint notes between two batches. */
  checkpoint_slice_actors: 4_096,
  /** Documents that it writes at once. */
  checkpoint_slice_documents: 2_000,
  /** A run of the transaction index smaller than this grows with the next checkpoint. */
  checkpoint_run_bytes: 4 * MIB,
  /** Messages of an outbox that are read in one turn. */
  outbox_messages: 2_000,
  /**
   * With more actors in memory, a checkpoint drops those that nobody asked for since the last one.
   * Without a checkpoint, half as many more are in memory at most, and what one turn brings.
   */
  resident_actors: 2_000_000,

  /** A batch that has not returned after this long stops its partition. */
  commit_timeout_ms: 5_000,
  /** A process that opens files of a served directory keeps its writers still for so long at most. */
  visit_ms: 3_000,
  /** A thread that does not end after this long is held by the system. */
  thread_end_ms: 15_000,
  /** A thread that did not come up after this long without progress is given up. */
  recovery_stall_ms: 60_000,
  /** Attempts to bring a partition back before it stays failed. */
  recovery_attempts: 5,
  /** A thread that ends sooner had a short life; after several the next one waits, this long at most. */
  short_life_ms: 10_000,
  restart_pause_ms: 5_000,

  partitions: 64,
} as const;

/** Largest byte offset at which an entry may begin: 16 bits of eight-byte units. */
const ENTRY_OFFSET_BYTES = 0xffff * limits.entry_alignment_bytes;
const ENTRY_HEADER_BYTES = 128;

assert.ok(limits.batch_full_bytes + limits.details_bytes + KIB <= limits.batch_slot_bytes);
assert.ok(
  limits.batch_full_bytes + limits.batch_commands * ENTRY_HEADER_BYTES < limits.frame_full_bytes,
);
assert.ok(limits.frame_full_bytes < ENTRY_OFFSET_BYTES);
// A slot begins, and its doubles lie, at a multiple of eight bytes.
assert.ok(limits.batch_commands % 8 === 0 && limits.batch_slot_bytes % 8 === 0);
assert.ok(limits.user_bytes <= 0xff);
assert.ok(
  limits.partition_batches_in_flight + limits.mailbox_least_batches < limits.mailbox_batches,
);
assert.ok(limits.list_weight_operations <= limits.listed_operations);
assert.ok(limits.mailbox_least_batches >= 2 && limits.bulk_batches >= limits.mailbox_least_batches);
