import { open, type RootDatabase, type RootDatabaseOptionsWithPath } from 'lmdb';

export type Environment = RootDatabase<Buffer, Buffer>;

export interface EnvironmentOptions {
  readonly durability: 'disk' | 'process';
  readonly readOnly?: boolean | undefined;
  readonly mapSize: number;
}

/** Opens an LMDB environment, in the one way in which its promises hold. */
export function openEnvironment(directory: string, options: EnvironmentOptions): Environment {
  const { durability, readOnly = false, mapSize } = options;
  const settings: RootDatabaseOptionsWithPath & { readonly batchStartThreshold: number } = {
    path: directory,
    noSubdir: false,
    keyEncoding: 'binary',
    encoding: 'binary',
    // With overlapping commits a power cut can leave a file that does not open.
    overlappingSync: false,
    // It begins with writes only when it has all of them. Otherwise it waits for the rest of a
    // batch, with its lock and its pool thread, and for ever when the thread ends before that.
    batchStartThreshold: Number.POSITIVE_INFINITY,
    noSync: durability === 'process',
    mapSize,
    readOnly,
    compression: false,
    cache: false,
  };
  return open<Buffer, Buffer>(settings);
}
