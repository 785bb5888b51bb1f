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
  /** Currency of new users, 3 to 8 letters or digits. Default USD. */
  readonly currency?: string;
  /** What `createUsers` gives, in minor units. Default 100_000. */
  readonly initialBalance?: number;
  /** Heap of each partition's thread in MiB; a thread that needs more is replaced. Default 8192. */
  readonly threadHeapMegabytes?: number;
  /** Called while a long recovery runs. */
  readonly onProgress?: (progress: Progress) => void;
}

/** 3 to 8 letters or digits. */
export function isCurrencyCode(text: string): boolean {
  return /^[A-Za-z0-9]{3,8}$/.test(text);
}

/** How far a long piece of work has come; `total` is absent while unknown. */
export interface Progress {
  readonly what: string;
  readonly done: number;
  readonly total?: number;
}
