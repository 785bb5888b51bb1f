import { limits } from '../limits.js';
import { OpenError } from './errors.js';
import { processLimit } from './process-limits.js';

const GIB = 1024 ** 3;
/** What Node maps beside the data, in the process and in each thread; both are more than was seen. */
const OWN_BYTES = 8 * GIB;
const THREAD_BYTES = GIB;

/** Of all wallets that are open in this process. */
let reserved = 0;

/** What the maps of so many partitions reserve; nothing of it is memory or disk before it is used. */
function needOf(partitions: number): number {
  return partitions * (limits.journal_map_bytes + limits.checkpoint_map_bytes + THREAD_BYTES);
}

/**
 * Throws OpenError where a process may not map what so many partitions reserve, beside what it has
 * reserved already: LMDB would end it without a word.
 */
export function checkAddressSpace(partitions: number, before = 0): void {
  const needed = before + needOf(partitions);
  if (needed > limits.address_space_bytes) {
    const most = Math.floor(limits.address_space_bytes / needOf(1));
    throw new OpenError(`the wallets of one process may have ${most} partitions together`);
  }
  const most = processLimit('Max address space');
  if (most === undefined || most >= needed + OWN_BYTES) return;
  throw new OpenError(
    `the partitions reserve ${Math.ceil((needed + OWN_BYTES) / GIB)} GiB of address space, and this ` +
      `process may have ${Math.floor(most / GIB)}: raise the limit (ulimit -v, or LimitAS= of systemd)`,
  );
}

/** The same for a wallet of this process, whose partitions count until what it returns is called. */
export function reserveAddressSpace(partitions: number): () => void {
  checkAddressSpace(partitions, reserved);
  reserved += needOf(partitions);
  return () => {
    reserved -= needOf(partitions);
  };
}
