import { hash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { limits } from '../limits.js';
import { reasonOf } from '../partitions/fault.js';
import { writeDurably } from './durable-file.js';
import { OpenError } from './errors.js';

export const FORMAT = 3;
export const MANIFEST = 'manifest.json';

/** What a data directory says of itself; written when it is made. */
export interface Manifest {
  readonly format: number;
  /** Names this directory's engine; the genesis hashes come from it. */
  readonly engine: string;
  readonly created: string;
  readonly partitions: number;
  /** Eight bytes in hex that seed the hash of ids. */
  readonly seed: string;
  /** Whether every partition has its first frame: from then on a missing one is a fault. */
  readonly begun: boolean;
  /** Of what never changes; directories of earlier builds get theirs when it is next written. */
  readonly checksum?: string;
  /** The last frame of each partition when the directory was opened last: none may have fewer. */
  readonly frames?: readonly number[];
}

/** The manifest in a directory, undefined where there is none. Throws OpenError with one line. */
export function readManifest(dataDir: string): Manifest | undefined {
  const path = join(dataDir, MANIFEST);
  const read = readJson(path);
  if (read === undefined) return undefined;
  const manifest = (read.value ?? {}) as Manifest;
  if (manifest.format !== undefined && manifest.format !== FORMAT) {
    throw new OpenError(`${path} has format ${manifest.format}; this version reads ${FORMAT}`);
  }
  if (!isWhole(manifest)) throw new OpenError(`${path} is damaged: it is no manifest`);
  if (manifest.checksum !== undefined && manifest.checksum !== checksumOf(manifest)) {
    throw new OpenError(`${path} was changed or is damaged: it does not fit its checksum`);
  }
  return manifest;
}

/** Writes it durably, with its checksum. */
export function writeManifest(dataDir: string, manifest: Manifest): void {
  const whole = { ...manifest, checksum: checksumOf(manifest) };
  writeDurably(join(dataDir, MANIFEST), `${JSON.stringify(whole, null, 2)}\n`);
}

function readJson(path: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(readFileSync(path, 'utf8')) };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new OpenError(`${path} cannot be read: ${reasonOf(error)}`, { cause: error });
  }
}

function isWhole({ format, engine, partitions, seed, begun, frames = [] }: Manifest): boolean {
  return (
    format === FORMAT &&
    typeof engine === 'string' &&
    isWithin(partitions, 1, limits.partitions) &&
    /^[0-9a-f]{16}$/.test(seed) &&
    typeof begun === 'boolean' &&
    Array.isArray(frames) &&
    frames.every((frame) => isWithin(frame, 0, Number.MAX_SAFE_INTEGER))
  );
}

function isWithin(value: number, lowest: number, highest: number): boolean {
  return Number.isInteger(value) && value >= lowest && value <= highest;
}

/** Under another seed no id would be found again, and under other names no frame would fit. */
function checksumOf({ format, engine, created, partitions, seed }: Manifest): string {
  return hash('sha256', JSON.stringify([format, engine, created, partitions, seed]));
}
