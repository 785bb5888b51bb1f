import assert from 'node:assert/strict';

const MIB = 1024 * 1024;

/** Every bound of the HTTP surface, its unit last in its name. */
export const limits = {
  /** Longest body; beyond it: 413. */
  body_bytes: MIB,
  batch_body_bytes: 4 * MIB,
  /** Of a name and a password, which anybody may send. */
  login_body_bytes: 16 * 1024,
  /** Of what players' own tokens may ask for: an order of fifty lines has half of it. */
  player_body_bytes: 16 * 1024,
  /** Bodies larger than this are counted until they are answered. */
  small_body_bytes: 64 * 1024,
  /** All of those together; beyond it: 503. */
  large_bodies_bytes: 64 * MIB,
  /** Operations in one `POST /transactions`; beyond it: 413. */
  batch_operations: 4_096,
  /** Objects and arrays inside one another in a body. */
  nesting_levels: 32,
  /** All headers of one request together; beyond it: 431. */
  header_bytes: 16 * 1024,
  /** Longest path parameter; a player id that is longer exists nowhere. */
  path_parameter_bytes: 2_048,

  /** A request whose headers, or whose whole, take longer than this is answered 408. */
  headers_timeout_ms: 10_000,
  request_timeout_ms: 30_000,
  /** How often the two are looked at. */
  connections_check_ms: 1_000,
  /** Connections that wait to be taken; beyond them a client's own system tries again, seconds later. */
  backlog_connections: 4_096,
  /** Files that connections leave to the process, or a half where there are few. */
  spare_files: 256,
  /** How often the log says that there are too many of them. */
  dropped_told_ms: 60_000,
  /** An idle connection is closed after this long: longer than a load balancer keeps one. */
  keep_alive_timeout_ms: 72_000,

  /** Requests that are read later than this in one turn of the event loop are refused. */
  turn_ms: 200,
  /** Lists that are read later than this. */
  list_turn_ms: 50,
  /** But so many are taken in any turn: a pause of the machine is no overload. */
  turn_lists: 8,
  turn_requests: 1_024,

  /** How old, or how early, a provider's callback may be. */
  webhook_age_s: 300,
  /** Logins and signups from one address in a minute, unless it is said otherwise. */
  logins_a_minute: 120,

  /** How long the metrics wait for what the accounts hold; after it they leave that out. */
  books_ms: 1_000,

  /** How often the log says that the disk is full. */
  full_disk_told_ms: 60_000,

  /** How long accepted requests may take to finish after a signal to stop. */
  drain_ms: 15_000,
  drain_check_ms: 20,
  /** Idle connections stay open so long: who sends on one meanwhile hears 503, not a reset. */
  drain_idle_ms: 100,
  /** What a sender waits after 429 and 503. */
  retry_after_s: 1,
} as const;

assert.ok(limits.login_body_bytes <= limits.body_bytes);
assert.ok(limits.player_body_bytes <= limits.small_body_bytes);
assert.ok(limits.body_bytes <= limits.batch_body_bytes);
assert.ok(limits.batch_body_bytes <= limits.large_bodies_bytes);
assert.ok(limits.headers_timeout_ms <= limits.request_timeout_ms);
assert.ok(limits.drain_check_ms < limits.drain_ms);
assert.ok(limits.path_parameter_bytes < limits.header_bytes);
