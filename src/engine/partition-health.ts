import type { PartitionHealth } from './wallet.js';

/** The life of a partition: `recovering` and `serving` in turn, until one of the others. */
export type State =
  | { readonly kind: 'recovering'; readonly reason?: string }
  | { readonly kind: 'serving'; readonly epoch: number }
  | { readonly kind: 'failed'; readonly reason: string }
  | { readonly kind: 'closed' };

type Counts = Pick<PartitionHealth, 'partition' | 'pending' | 'restarts'>;

/** What others hear of a partition in this state. */
export function healthOf(state: State, counts: Counts): PartitionHealth {
  const health = { ...counts, state: state.kind };
  return 'reason' in state ? { ...health, reason: state.reason } : health;
}
