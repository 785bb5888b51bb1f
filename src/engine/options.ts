import { inspect } from 'node:util';
import { limits } from '../limits.js';
import { OpenError } from './errors.js';

/** How to open a wallet; every member has a default. */
export interface WalletOptions {
  /** The data directory; absent: a temporary one, removed at close. */
  readonly dataDir?: string;
  /**
   * Worker threads, 1 to 64; fixed when the directory is made. Default: cores - 1, at least 1. The
   * commit of each holds a thread of libuv's pool: with more than two, start the process with
   * UV_THREADPOOL_SIZE of partitions + 8 (the command does).
   */
  readonly partitions?: number;
  /** Which statuses and order of checks the answers follow. Default `exwallet`. */
  readonly dialect?: 'exwallet' | 'hub88';
  /** `disk` (default): answered = on disk after power loss. `process`: survives kill -9 only. */
  readonly durability?: 'disk' | 'process';
  /** Currency of new users and of prices, 3 to 8 letters or digits. Default USD. */
  readonly currency?: string;
  /** What `createUsers` gives, in minor units. Default 100_000. */
  readonly initialBalance?: number;
  /** Heap of each partition's thread in MiB; a thread that needs more is replaced. Default 8192. */
  readonly threadHeapMegabytes?: number;
  /** Called while a long recovery runs. When it throws the wallet does not open. */
  readonly onProgress?: (progress: Progress) => void;
}

/** How far a long piece of work has come; `total` is absent while unknown. */
export interface Progress {
  readonly what: string;
  readonly done: number;
  readonly total?: number;
}

type WithoutDefault = 'dataDir' | 'partitions' | 'onProgress';

/** Options with every default in its place. */
export type Settings = Required<Omit<WalletOptions, WithoutDefault>> & {
  readonly [Name in WithoutDefault]: WalletOptions[Name];
};

const known: Readonly<Record<keyof WalletOptions, true>> = {
  dataDir: true,
  partitions: true,
  dialect: true,
  durability: true,
  currency: true,
  initialBalance: true,
  threadHeapMegabytes: true,
  onProgress: true,
};

/** A thread with less ends before it has recovered. */
const LEAST_HEAP_MEGABYTES = 16;

/** Throws OpenError for what cannot be meant. */
export function settle(options: WalletOptions): Settings {
  refuseUnknown(options);
  const { dialect = 'exwallet', durability = 'disk' } = options;
  const { currency = 'USD', initialBalance = 100_000 } = options;
  const { dataDir, partitions, onProgress, threadHeapMegabytes = 8192 } = options;
  demand(['exwallet', 'hub88'].includes(dialect), "dialect is 'exwallet' or 'hub88'", dialect);
  demand(['disk', 'process'].includes(durability), "durability is 'disk' or 'process'", durability);
  demand(isPartitions(partitions), `partitions must be 1 to ${limits.partitions}`, partitions);
  demand(isCurrencyCode(currency), 'a currency has 3 to 8 letters or digits', currency);
  demand(
    isBalance(initialBalance),
    'initialBalance is a whole number from 0 to 2^53-1',
    initialBalance,
  );
  demand(dataDir === undefined || isPath(dataDir), 'dataDir is the path of a directory', dataDir);
  demand(
    isHeap(threadHeapMegabytes),
    `threadHeapMegabytes is a whole number from ${LEAST_HEAP_MEGABYTES}`,
    threadHeapMegabytes,
  );
  demand(isFunction(onProgress), 'onProgress is a function', onProgress);
  const money = { currency, initialBalance };
  return { dataDir, partitions, dialect, durability, ...money, threadHeapMegabytes, onProgress };
}

function demand(isSo: boolean, wanted: string, value: unknown): void {
  if (!isSo) throw new OpenError(`${wanted}, not ${shown(value)}`);
}

/** Any value on one line: some can be made no text of. */
function shown(value: unknown): string {
  const short = { depth: 0, maxArrayLength: 3, maxStringLength: 100, breakLength: Infinity };
  return inspect(value, { ...short, customInspect: false });
}

/** Who misspells `dataDir` would get a wallet that is removed at close. */
function refuseUnknown(options: unknown): void {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw new OpenError('openWallet takes an object of options');
  }
  const unknown = Object.keys(options).find((name) => !Object.hasOwn(known, name));
  if (unknown === undefined) return;
  throw new OpenError(`no option '${unknown}': ${Object.keys(known).join(', ')} are known`);
}

function isPath(path: unknown): boolean {
  return typeof path === 'string' && path !== '' && !path.includes('\0');
}

function isPartitions(number: number | undefined): boolean {
  if (number === undefined) return true;
  return Number.isInteger(number) && number >= 1 && number <= limits.partitions;
}

function isBalance(balance: number): boolean {
  return Number.isSafeInteger(balance) && balance >= 0;
}

function isHeap(megabytes: number): boolean {
  return Number.isInteger(megabytes) && megabytes >= LEAST_HEAP_MEGABYTES;
}

function isFunction(value: unknown): boolean {
  return value === undefined || typeof value === 'function';
}

/** 3 to 8 letters or digits. */
export function isCurrencyCode(text: unknown): boolean {
  return typeof text === 'string' && /^[A-Za-z0-9]{3,8}$/.test(text);
}
