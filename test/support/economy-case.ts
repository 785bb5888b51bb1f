import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export type Json = null | boolean | number | string | Json[] | { [name: string]: Json };

/** What a step expects of an answer. */
export interface Expectation {
  readonly status?: number | number[];
  readonly code?: string;
  readonly body?: Json;
  readonly headers?: Readonly<Record<string, string>>;
  readonly statuses?: Readonly<Record<string, number>>;
  readonly winners?: number;
  readonly same?: readonly string[];
  readonly unique?: boolean;
  readonly count_at_least?: number;
}

/** One step; which of the members are there says what kind it is. */
export interface Step {
  readonly fixture?: Readonly<Record<string, Json>>;
  readonly call?: string;
  readonly auth?: string;
  readonly key?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Json;
  readonly raw?: string;
  readonly expect?: Expectation;
  readonly save?: Readonly<Record<string, string>>;
  readonly times?: number;
  readonly parallel?: readonly Step[];
  readonly webhook?: string;
  readonly assert?: Readonly<Record<string, Json>>;
  readonly fault?: string;
  readonly at?: string;
  readonly kill9?: boolean;
  readonly restart?: boolean;
  readonly compact?: boolean;
  readonly advance_clock?: string;
  readonly repeat?: number;
  readonly step?: Step;
  readonly paginate?: string;
  readonly random_load?: number;
  readonly signal?: NodeJS.Signals;
}

export interface EconomyCase {
  readonly id: string;
  readonly title: string;
  readonly area: string;
  readonly steps: readonly Step[];
}

/** Where the contract answers otherwise than a case: a field that is absent is WRONG_SYNTAX. */
const corrections: Readonly<Record<string, readonly [from: string, to: string]>> = {
  'EC-130': ['RS_ERROR_WRONG_TYPES', 'RS_ERROR_WRONG_SYNTAX'],
};

function corrected(one: EconomyCase): EconomyCase {
  const [from, to] = corrections[one.id] ?? ['', ''];
  if (from === '') return one;
  return JSON.parse(JSON.stringify(one).replaceAll(from, to)) as EconomyCase;
}

const file = join(import.meta.dirname, '../cases/economy.json');

export const allCases = (
  JSON.parse(readFileSync(file, 'utf8')) as { readonly cases: readonly EconomyCase[] }
).cases;

/** Cases about what the HTTP contract does not have, or what other tests show better. */
export const excluded: Readonly<Record<string, string>> = {
  'EC-099': 'refunds of payments begin at the provider; there is no endpoint for our own',
  'EC-108': 'a disk that refuses is shown by disk-faults.test.ts with a real one',
  'EC-109': 'a thread that throws is replaced: partitions.test.ts',
  'EC-115': 'referral bonuses are not capped',
  'EC-124': 'a partition that fails is shown by partitions.test.ts; /health by server tests',
  'EC-132': 'isolated wallets in one process are shown by exwallet-seed.test.ts',
  'EC-135': 'there is no velocity limit; limits are max_bet, daily_stake and daily_loss',
};

export const cases = allCases.filter(({ id }) => excluded[id] === undefined).map(corrected);
