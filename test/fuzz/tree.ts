import * as fc from 'fast-check';
import type { Json } from '../support/exchange.js';

/** A JSON text that may say what no value can: members that are there twice, numbers without end. */
type Tree = { readonly text: string } | { readonly isObject: boolean; readonly members: Member[] };

/** An item of an array has no name. */
interface Member {
  readonly name?: string;
  readonly value: Tree;
}

/** One change to one member, which `at` chooses among all. */
export interface Edit {
  readonly at: number;
  readonly how: 'replace' | 'remove' | 'double' | 'add' | 'rename' | 'wrap';
  readonly name: string;
  /** What comes in, as it is written. */
  readonly text: string;
}

/** The text of a value after some edits. */
export function edited(value: Json, edits: readonly Edit[]): string {
  const root: Member[] = [{ value: treeOf(value) }];
  for (const edit of edits) {
    const places = placesIn(root);
    const place = places[edit.at % places.length];
    if (place !== undefined) change(...place, edit);
  }
  return root.map(({ value: tree }) => textOf(tree)).join('');
}

function treeOf(value: Json): Tree {
  if (value === null || typeof value !== 'object') return { text: JSON.stringify(value) };
  const members = Array.isArray(value)
    ? value.map((item) => ({ value: treeOf(item) }))
    : Object.entries(value).map(([name, member]) => ({ name, value: treeOf(member) }));
  return { isObject: !Array.isArray(value), members };
}

function textOf(tree: Tree): string {
  if ('text' in tree) return tree.text;
  const members = tree.members.map(({ name = '', value }) =>
    tree.isObject ? `${JSON.stringify(name)}:${textOf(value)}` : textOf(value),
  );
  return tree.isObject ? `{${members.join()}}` : `[${members.join()}]`;
}

type Place = readonly [list: Member[], index: number];

function placesIn(list: Member[]): Place[] {
  return list.flatMap((member, index) => {
    const inner = 'members' in member.value ? placesIn(member.value.members) : [];
    return [[list, index] as const, ...inner];
  });
}

function change(list: Member[], index: number, { how, name, text }: Edit): void {
  const member = list[index] as Member;
  const own = member.name === undefined ? {} : { name: member.name };
  if (how === 'replace') list[index] = { ...own, value: { text } };
  else if (how === 'remove') list.splice(index, 1);
  else if (how === 'double') list.splice(index, 0, member);
  else if (how === 'add') addTo(member.value, { name, value: { text } });
  else if (how === 'rename') list[index] = { name, value: member.value };
  else list[index] = { ...own, value: { isObject: false, members: [{ value: member.value }] } };
}

function addTo(tree: Tree, member: Member): void {
  if ('members' in tree) tree.members.push(member);
}

const strangeTexts = [
  ...[
    'null',
    'true',
    '{}',
    '[]',
    '""',
    '" "',
    '0',
    '-0',
    '-1',
    '1.5',
    '1e3',
    '1.0',
    '1e999',
    '-1e999',
  ],
  ...['9007199254740991', '9007199254740992', '9007199254740993', '18446744073709551616', '1e-400'],
  ...['1000000000001', '2147483648', '1.00000000000000000001', '01', '+1', '.5', 'NaN', 'Infinity'],
  ...[
    '"\\ud800"',
    '"\\udfff\\ud800"',
    '"\\u0000"',
    '"a\\u0000b"',
    '"\\u007f"',
    '"\\u202e"',
    '"\\x"',
  ],
  ...[
    '"__proto__"',
    '"constructor"',
    '"me"',
    '"\ufeff"',
    '"e\\u0301"',
    '"../../x"',
    '"a/b?c#d%00"',
  ],
  ...[
    '{"__proto__":{"admin":true}}',
    '{"constructor":{"prototype":{}}}',
    '{"toJSON":1}',
    '{"a":1,"a":2}',
  ],
  ...['undefined', '/*x*/1', "'a'", '"unended', '{', ']', ',', ''],
] as const;

/** A value as somebody writes it who does not mean well. */
const strangeText: fc.Arbitrary<string> = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...strangeTexts) },
  { weight: 2, arbitrary: fc.json({ maxDepth: 3 }) },
  { weight: 2, arbitrary: fc.string({ unit: 'binary' }).map((text) => JSON.stringify(text)) },
  { weight: 1, arbitrary: fc.double().map((number) => JSON.stringify(number)) },
  { weight: 1, arbitrary: fc.integer({ min: 1, max: 60 }).map(nested) },
  { weight: 1, arbitrary: fc.constantFrom(256, 4_096, 70_000, 1_100_000).map(long) },
);

function nested(levels: number): string {
  return `${'['.repeat(levels)}${']'.repeat(levels)}`;
}

function long(length: number): string {
  return `"${'x'.repeat(length)}"`;
}

const edit: fc.Arbitrary<Edit> = fc.record({
  at: fc.nat(63),
  how: fc.constantFrom(
    'replace',
    'replace',
    'replace',
    'remove',
    'double',
    'add',
    'rename',
    'wrap',
  ),
  name: fc.constantFrom(
    'amount',
    'user',
    'extra',
    '__proto__',
    'constructor',
    'hasOwnProperty',
    '',
  ),
  text: strangeText,
});

/** One edit or a few. */
export const edits: fc.Arbitrary<Edit[]> = fc.array(edit, { minLength: 1, maxLength: 3 });
