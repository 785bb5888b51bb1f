const DEEPEST = 32;

/**
 * One text for equal JSON objects, members sorted by name; undefined for what is no plain object,
 * is nested too deeply or holds what JSON cannot carry.
 */
export function canonicalJson(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const sorted = sort(value, 0);
  return sorted === undefined ? undefined : JSON.stringify(sorted);
}

function sort(value: unknown, depth: number): unknown {
  if (depth > DEEPEST) return undefined;
  if (typeof value === 'number') return Number.isFinite(value) ? value : undefined;
  if (typeof value === 'string') return value.isWellFormed() ? value : undefined;
  if (value === null || typeof value === 'boolean') return value;
  if (typeof value !== 'object') return undefined;
  return Array.isArray(value) ? sortArray(value, depth) : sortObject(value, depth);
}

function sortArray(values: readonly unknown[], depth: number): unknown {
  const sorted = values.map((value) => sort(value, depth + 1));
  return sorted.includes(undefined) ? undefined : sorted;
}

function sortObject(object: object, depth: number): unknown {
  const sorted: Record<string, unknown> = Object.create(null);
  for (const [name, value] of Object.entries(object).sort(([a], [b]) => (a < b ? -1 : 1))) {
    if (value === undefined) continue;
    const member = sort(value, depth + 1);
    if (member === undefined || !name.isWellFormed()) return undefined;
    sorted[name] = member;
  }
  return sorted;
}
