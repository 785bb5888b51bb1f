import type { Progress } from './options.js';

/** What `verifyDirectory` checked, or the first fault that it found. */
export interface VerifyReport {
  readonly ok: boolean;
  readonly partitions: number;
  readonly frames: number;
  readonly entries: number;
  readonly users: number;
  /** Balance of each system account and of all players together, minor units. */
  readonly accounts: Readonly<Record<string, bigint>>;
  /** The first fault with its place, such as `partition 0, frame 12, entry 3: …`. */
  readonly fault?: string;
}

/** One journal entry as `export` writes it. */
export interface ExportedEntry {
  readonly partition: number;
  readonly sequence: number;
  readonly time: string;
  readonly kind: string;
  readonly user: string;
  readonly currency: string;
  readonly amount: number;
  readonly balance_after: number;
  readonly version: number;
  readonly transaction_uuid?: string;
  readonly request_uuid?: string;
  readonly reference_transaction_uuid?: string;
  readonly postings: readonly { readonly account: string; readonly amount: number }[];
  readonly [detail: string]: unknown;
}

/** Walks every frame of a data directory. Throws OpenError when there is none. */
export function verifyDirectory(
  dataDir: string,
  onProgress?: (progress: Progress) => void,
): Promise<VerifyReport> {
  throw new Error('not built yet');
}

/** Copies a directory, also one that is being served, into a new one that opens and verifies. */
export function backupDirectory(
  from: string,
  to: string,
  onProgress?: (progress: Progress) => void,
): Promise<void> {
  throw new Error('not built yet');
}

/** Entries, oldest first, merged over the partitions by time. */
export declare function exportEntries(
  dataDir: string,
  filter: { readonly user?: string; readonly from?: Date; readonly to?: Date },
): AsyncIterable<ExportedEntry>;
