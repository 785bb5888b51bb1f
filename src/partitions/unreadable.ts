import { constants } from 'node:os';
import { reasonOf } from './fault.js';

const { errno } = constants;
/** Errors of the system that say nothing of what a file holds. Of damage, LMDB often says EINVAL. */
const SYSTEM: ReadonlySet<number> = new Set([
  ...[errno.EACCES, errno.EPERM, errno.ELOOP, errno.EROFS, errno.ENOLCK],
  ...[errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EAGAIN, errno.ENOSPC, errno.EDQUOT],
]);

/** A file that the system does not let be read: of what it holds, nothing is known. */
export class Unreadable extends Error {}

/** Throws Unreadable with the path when it was the system, and no damage, that an error tells of. */
export function refuseUnreadable(path: string, error: unknown): void {
  if (error instanceof Unreadable) throw error;
  if (!isOfSystem(error)) return;
  throw new Unreadable(`${path} cannot be read: ${reasonOf(error)}`, { cause: error });
}

/** Node names the call that failed; LMDB has the system's number for a code, or one of its own. */
function isOfSystem(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return 'syscall' in error || ('code' in error && SYSTEM.has(error.code as number));
}
