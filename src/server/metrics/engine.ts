import type { Health } from '../../engine/wallet.js';
import { counter, type Family, gauge, type Sample } from './exposition.js';

const partitionStates = [
  'recovering',
  'serving',
  'failed',
  'closed',
] as const satisfies readonly Health['partitions'][number]['state'][];

export function engineFamilies({ ok, partitions }: Health): Family[] {
  const each = (value: (partition: (typeof partitions)[number]) => number): Sample[] =>
    partitions.map((health) => ({
      labels: { partition: health.partition },
      value: value(health),
    }));
  return [
    gauge('purser_up', 'Whether every partition serves', [{ value: ok ? 1 : 0 }]),
    gauge(
      'purser_partition_state',
      '1 for the state that the partition is in',
      partitions.flatMap(({ partition, state: now }) =>
        partitionStates.map((state) => ({
          labels: { partition, state },
          value: state === now ? 1 : 0,
        })),
      ),
    ),
    gauge(
      'purser_partition_pending_commands',
      'Commands that wait or are in flight',
      each(({ pending }) => pending),
    ),
    gauge(
      'purser_partition_room_bytes',
      'How much may still be written: what disk and map have left, less the reserve; below zero writes are refused',
      each(({ room_bytes }) => room_bytes),
    ),
    counter(
      'purser_partition_restarts_total',
      'How many times the thread of the partition was started again',
      each(({ restarts }) => restarts),
    ),
  ];
}
