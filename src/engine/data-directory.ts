import { hash, randomBytes, randomUUID } from 'node:crypto';
import {
  accessSync,
  chmodSync,
  constants,
  existsSync,
  mkdirSync,
  opendirSync,
  readdirSync,
  realpathSync,
  statSync,
} from 'node:fs';
import { availableParallelism } from 'node:os';
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { limits } from '../limits.js';
import { freeBytes, syncPath } from '../partitions/data-file.js';
import { faultOfEnd, isFullDisk, reasonOf } from '../partitions/fault.js';
import { checkAddressSpace } from './address-space.js';
import { OpenError } from './errors.js';
import { FORMAT, MANIFEST, type Manifest, readManifest, writeManifest } from './manifest.js';

export const OWNER_ONLY = 0o700;
const MIB = 1024 ** 2;

export function partitionDirectory(dataDir: string, partition: number): string {
  return join(dataDir, `partition-${partition}`);
}

export function partitionDirectories(dataDir: string, { partitions }: Manifest): string[] {
  return Array.from({ length: partitions }, (_, number) => partitionDirectory(dataDir, number));
}

/** What ids are hashed with, eight bytes. */
export function seedOf({ seed }: Manifest): Buffer {
  return Buffer.from(seed, 'hex');
}

/** Partitions of a new directory when nobody says otherwise: a core is left to the engine. */
function defaultPartitions(): number {
  return Math.min(limits.partitions, Math.max(1, availableParallelism() - 1));
}

/** The hash that the first frame of a partition names as the one before it. */
export function genesisHash(manifest: Manifest, partition: number): Buffer {
  return hash('sha256', `${manifest.engine}/${partition}/${manifest.partitions}`, 'buffer');
}

/** What the treasury of a new data directory starts with, minor units. */
const TREASURY_SUPPLY = 2_000_000_000;

/** A partition's part of it; the first ones take the rest. */
export function supplyOf({ partitions }: Manifest, partition: number): number {
  const rest = TREASURY_SUPPLY % partitions;
  return Math.floor(TREASURY_SUPPLY / partitions) + (partition < rest ? 1 : 0);
}

/**
 * The manifest of a directory that this process has locked; a new one gets its own. Throws OpenError
 * with one clear line for what is no data directory.
 */
export function openDirectory(dataDir: string, partitions: number | undefined): Manifest {
  const found = readManifest(dataDir);
  if (found?.begun !== true) demandSpace(dataDir);
  if (found === undefined) return create(dataDir, partitions ?? defaultPartitions());
  if (partitions !== undefined && partitions !== found.partitions) {
    throw new OpenError(
      `${dataDir} was made with ${found.partitions} partitions and cannot be opened with ` +
        `${partitions}: the number is fixed`,
    );
  }
  return found;
}

/** On a full disk LMDB ends the process that makes its files, without a word. */
function demandSpace(dataDir: string): void {
  const free = freeBytes(dataDir);
  if (free >= limits.disk_reserve_bytes) return;
  const [least, left] = [limits.disk_reserve_bytes, free].map((bytes) => Math.floor(bytes / MIB));
  throw new OpenError(`${dataDir} lacks space: a new one takes ${least} MiB, and ${left} are free`);
}

/** The manifest of an existing data directory. */
export function existingDirectory(dataDir: string): Manifest {
  checkAddressSpace(1);
  const found = isThere(dataDir) ? readManifest(dataDir) : undefined;
  if (found === undefined) throw new OpenError(`${dataDir} is no data directory of purser`);
  return found;
}

/** Throws OpenError where that cannot be known. */
function isThere(dataDir: string): boolean {
  try {
    opendirSync(dataDir).closeSync();
    accessSync(dataDir, constants.R_OK | constants.X_OK);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw new OpenError(`${dataDir} cannot be read: ${reasonOf(error)}`, { cause: error });
  }
}

/** A frame that a partition's journal is known to have had: it may have more, but never fewer. */
export function lastKnown({ frames }: Manifest, partition: number): number {
  return frames?.[partition] ?? 0;
}

/** Notes that every partition has begun, and how far each has come; on a full disk, if it can. */
export function markOpened(dataDir: string, manifest: Manifest, frames: readonly number[]): void {
  for (const [partition, frame] of frames.entries()) {
    const fault = faultOfEnd(frame, lastKnown(manifest, partition));
    if (fault === undefined) continue;
    throw new OpenError(`${dataDir} cannot be served: partition ${partition}: ${fault}`);
  }
  const isKnown = frames.every((frame, partition) => manifest.frames?.[partition] === frame);
  if (isKnown && manifest.begun) return;
  try {
    writeManifest(dataDir, { ...manifest, begun: true, frames });
  } catch (error) {
    // The older note says less, and nothing wrong: what is there can be read.
    if (!manifest.begun || !isFullDisk(error)) throw error;
  }
}

/** Makes the names durable by which a new directory is found, up to where its file system begins. */
export function syncAbove(dataDir: string): void {
  const { dev } = statSync(dataDir);
  for (let at = dirname(dataDir); statSync(at).dev === dev; at = dirname(at)) {
    // What may not be read was not made here.
    if (!canRead(at)) return;
    syncPath(at);
    if (at === dirname(at)) return;
  }
}

function canRead(directory: string): boolean {
  try {
    accessSync(directory, constants.R_OK);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EACCES') return false;
    throw error;
  }
}

/** Whether a path, of which the end may not exist yet, leads into a directory. */
export function isInside(path: string, directory: string): boolean {
  const [way = ''] = relative(realpathSync(directory), placeOf(resolve(path))).split(sep);
  return way !== '' && way !== '..' && !isAbsolute(way);
}

function placeOf(path: string): string {
  return existsSync(path) ? realpathSync(path) : join(placeOf(dirname(path)), basename(path));
}

/** Makes a directory that only its owner can enter; it must be one that can be written. */
export function makeDirectory(dataDir: string): void {
  try {
    makeAbove(dataDir);
    if (!existsSync(dataDir)) mkdirSync(dataDir, { mode: OWNER_ONLY });
    opendirSync(dataDir).closeSync();
    accessSync(dataDir, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    throw new OpenError(`${dataDir} cannot be written: ${reasonOf(error)}`, { cause: error });
  }
}

/** Level by level: on some file systems a recursive mkdir of Node never returns. */
function makeAbove(path: string): void {
  const above = dirname(path);
  if (existsSync(above)) return;
  makeAbove(above);
  mkdirSync(above);
}

function create(dataDir: string, partitions: number): Manifest {
  // A first start that was cut leaves the manifest without its name, and nothing more.
  const others = readdirSync(dataDir).filter((name) => {
    return !name.startsWith('.') && name !== `${MANIFEST}.new`;
  });
  if (others.length > 0) {
    throw new OpenError(
      `${dataDir} holds ${others.slice(0, 3).join(', ')} but no ${MANIFEST}: ` +
        'it is no data directory, or a damaged one',
    );
  }
  const manifest: Manifest = {
    format: FORMAT,
    engine: randomUUID(),
    created: new Date().toISOString(),
    partitions,
    seed: randomBytes(8).toString('hex'),
    begun: false,
  };
  chmodSync(dataDir, OWNER_ONLY);
  // First: a directory that has its manifest has its own name for good.
  syncAbove(dataDir);
  writeManifest(dataDir, manifest);
  return manifest;
}
