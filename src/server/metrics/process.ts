import { counter, type Family, gauge } from './exposition.js';

/** When the figures were asked for last: a share of all the time since the start would hardly move. */
let before = performance.eventLoopUtilization();

/** Under the names that dashboards for Node.js know. */
export function processFamilies(): Family[] {
  const { user, system } = process.cpuUsage();
  const { rss, heapUsed, external } = process.memoryUsage();
  const now = performance.eventLoopUtilization();
  const { utilization } = performance.eventLoopUtilization(now, before);
  before = now;
  return [
    counter('process_cpu_seconds_total', 'CPU time of all threads', [
      { value: (user + system) / 1e6 },
    ]),
    gauge('process_start_time_seconds', 'When the process began, in Unix time', [
      { value: performance.timeOrigin / 1000 },
    ]),
    gauge('process_resident_memory_bytes', 'Resident memory', [{ value: rss }]),
    gauge('nodejs_heap_size_used_bytes', 'Heap of the main thread', [{ value: heapUsed }]),
    gauge('nodejs_external_memory_bytes', 'Memory outside the heap', [{ value: external }]),
    gauge(
      'nodejs_eventloop_utilization',
      'Share of time that the main thread was busy, since it was asked for last',
      [{ value: utilization }],
    ),
  ];
}
