/**
 * How many members all objects in a parsed body have together. A body that was written with more
 * than it was read with has a member twice, of which a parser keeps the last and tells nobody.
 */
export function countMembers(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  if (Array.isArray(value)) return value.reduce((sum, item) => sum + countMembers(item), 0);
  return countOwn(value as Readonly<Record<string, unknown>>);
}

function countOwn(object: Readonly<Record<string, unknown>>): number {
  let members = 0;
  for (const name in object) {
    const value = object[name];
    members += 1;
    if (typeof value === 'object' && value !== null) members += countMembers(value);
  }
  return members;
}

type WithoutNulls<Body> = { readonly [Name in keyof Body]: Exclude<Body[Name], null> };

/** A body whose members that are null are as absent. */
export function withoutNulls<Body extends object>(body: Body): WithoutNulls<Body> {
  const members = Object.entries(body).filter(([, value]) => value !== null);
  return Object.fromEntries(members) as WithoutNulls<Body>;
}

/** Whether every string in a parsed body, names too, is well-formed Unicode. */
export function isWellFormed(value: unknown): boolean {
  if (typeof value === 'string') return value.isWellFormed();
  if (typeof value !== 'object' || value === null) return true;
  // As pairs, lists of a large body would take ten times as long as parsing it.
  if (Array.isArray(value)) return value.every(isWellFormed);
  return Object.entries(value).every(([name, item]) => name.isWellFormed() && isWellFormed(item));
}
