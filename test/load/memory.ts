import { readFileSync } from 'node:fs';

const KIB = 1024;

/** Resident memory of a process, in bytes. */
export interface Memory {
  readonly rss: number;
  /** Without mapped files, whose pages the kernel may take back at any time; only on Linux. */
  readonly anonymous: number | undefined;
}

/** What /proc says of a process; undefined where there is none. */
export function memoryOf(pid: number): Memory | undefined {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    const of = (name: string): number | undefined => {
      const found = new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1];
      return found === undefined ? undefined : Number(found) * KIB;
    };
    return { rss: of('VmRSS') ?? 0, anonymous: of('RssAnon') };
  } catch {
    return undefined;
  }
}

export function mebibytes(bytes: number): string {
  return `${Math.round(bytes / KIB / KIB)} MiB`;
}
