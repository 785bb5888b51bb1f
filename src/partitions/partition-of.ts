/** Which partition owns a user. Fixed for ever: data directories depend on it. */
export function partitionOf(user: unknown, partitions: number): number {
  if (partitions === 1 || typeof user !== 'string') return 0;
  let hash = 0x811c9dc5;
  for (let i = 0; i < user.length; i++) hash = Math.imul(hash ^ user.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  return ((hash ^ (hash >>> 13)) >>> 0) % partitions;
}
