import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { before, beyond } from './economy-beyond.js';
import type { Json } from './exchange.js';

export interface EconomyCase {
  readonly id: string;
  readonly area: string;
  readonly title: string;
  /** The specification; the steps are a sketch of it. */
  readonly then: string;
  readonly steps: readonly Step[];
}

/** A step is of the kind whose member it has: a call, a fixture, an assertion, a restart … */
export interface Step {
  readonly fixture?: Readonly<Record<string, Json>>;
  readonly call?: string;
  readonly webhook?: string;
  readonly auth?: string;
  /** The Idempotency-Key. */
  readonly key?: string;
  /** A header that is a list is sent more than once. */
  readonly headers?: Readonly<Record<string, string | string[]>>;
  readonly body?: Json;
  /** A body that is no JSON, or JSON of a certain form. */
  readonly raw?: string;
  readonly expect?: Expectation;
  /** Variables, by the paths of the body whose values they take. */
  readonly save?: Readonly<Record<string, string>>;
  readonly times?: number;
  readonly parallel?: readonly Step[];
  readonly assert?: Readonly<Record<string, Json>>;
  /** The next call meets a kill -9 at this point. */
  readonly fault?: string;
  readonly at?: string;
  readonly kill9?: boolean;
  readonly restart?: boolean;
  readonly compact?: boolean;
  readonly advance_clock?: string;
  readonly inject?: string | null;
  readonly signal?: string;
  readonly repeat?: number;
  readonly step?: Step;
  readonly paginate?: string;
  readonly random_load?: number;
  readonly two_instances?: boolean;
  readonly instance?: number;
}

export interface Expectation {
  readonly status?: number | readonly number[];
  readonly code?: string;
  /** A part of the body. */
  readonly body?: Json;
  /** A word that the body holds somewhere. */
  readonly says?: string;
  /** `null`: there is no such header; `*`: there is one. */
  readonly headers?: Readonly<Record<string, string | null>>;
  /** How many answers of each status. */
  readonly statuses?: Readonly<Record<string, number>>;
  /** How many answers of success. */
  readonly winners?: number;
  /** Members that are equal in all answers. */
  readonly same?: readonly string[];
  readonly unique?: boolean;
  readonly count_at_least?: number;
}

const file = resolve(import.meta.dirname, '../cases/economy.json');

/** All cases of the file. */
export const known: readonly EconomyCase[] = JSON.parse(readFileSync(file, 'utf8')).cases;

/** Cases about what the contract does not have. */
export const outside: Readonly<Record<string, string>> = {
  'EC-099': 'refunds of payments begin at the provider: there is no call that asks for one',
  'EC-109': 'there is no hook that lets one request throw; a thread that does is replaced',
  'EC-115': 'referral bonuses are not capped, and a referral has no status',
  'EC-135': 'there is no limit of spends a second',
};

/** Where a case and the contract disagree the contract holds: what is found, what stands for it. */
const contract: Readonly<Record<string, readonly [found: string, right: string]>> = {
  // A required field that is absent is WRONG_SYNTAX; WRONG_TYPES is for one of a wrong type.
  'EC-130': ['RS_ERROR_WRONG_TYPES', 'RS_ERROR_WRONG_SYNTAX'],
  // Too many PENDING orders are 409 alone.
  'EC-071': ['"status":[409,429]', '"status":409,"code":"limit_reached"'],
  // A price that an order was made with is kept until it expires, and so is its item.
  'EC-061': ['"status":[200,409]', '"status":200'],
  // The errors of /purchase are those of orders.
  'EC-123': ['"status":[400,', '"status":['],
};

/** Names that a case gives away; each gets its own, so that cases can share a server. */
const NAMES = 'p1|p2|bob|nobody|player1|u1|u2|box|sword|potion|gift|pack|X|Y|e1|e2|e3';
const OWN_NAMES = new RegExp(`"(${NAMES})"|(/v1/players/|sku=|player:)(${NAMES})\\b`, 'g');
const UUID = /"[0-9a-f]{4}([0-9a-f]{4}(?:-\w{4}){3}-\w{12})"/g;

function apart(one: EconomyCase): EconomyCase {
  const [found, right] = contract[one.id] ?? ['', ''];
  const text = JSON.stringify(one.steps)
    .replaceAll(found === '' ? '\0' : found, right)
    .replaceAll(OWN_NAMES, (_, word, place, name) => {
      return word === undefined ? `${place}${one.id}-${name}` : `"${one.id}-${word}"`;
    })
    // Transaction ids are the engine's: the number of the case begins them.
    .replaceAll(UUID, (_, rest) => `"0${one.id.slice(-3)}${rest}"`);
  return { ...one, steps: (JSON.parse(text) as Step[]).map((step) => pointed(step, one)) };
}

/** Refusals of an amount name it. */
function pointed(step: Step, { then }: EconomyCase): Step {
  const isRefusal = step.expect?.code === 'validation_failed';
  if (!isRefusal || !then.includes('pointing at /amount')) return step;
  return { ...step, expect: { ...step.expect, body: { errors: [{ pointer: '/amount' }] } } };
}

/** The cases that are run, each with names of its own. */
export const economyCases: readonly EconomyCase[] = known
  .filter(({ id }) => outside[id] === undefined)
  .map((one) => {
    return { ...one, steps: [...(before[one.id] ?? []), ...one.steps, ...(beyond[one.id] ?? [])] };
  })
  .map(apart);

/** Whether no other case can sign up for a minute afterwards: an address may only so often. */
export function usesUpSignups({ id }: EconomyCase): boolean {
  return id === 'EC-118';
}

/** Points of a crash that lie in a system call, and storage that fails there. */
const IN_SYSTEM_CALLS = /"(before_commit|after_apply_before_commit|storage_down)"/;

export function needsTracer({ steps }: EconomyCase): boolean {
  return IN_SYSTEM_CALLS.test(JSON.stringify(steps));
}
