import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DiskDirectory } from './disk-directory.js';
import { DiskFile } from './disk-file.js';
import type { Subset } from './subset.js';

/** Writes the disk as a power cut leaves it to each of the targets. */
export function writeImage(
  directory: DiskDirectory,
  subset: Subset,
  targets: readonly string[],
): void {
  for (const target of targets) mkdirSync(target, { recursive: true });
  for (const [name, entry] of directory.image(subset.names(directory))) {
    const paths = targets.map((target) => join(target, name));
    if (!(entry instanceof DiskFile)) writeImage(entry, subset, paths);
    else {
      const sectors = subset.sectors(entry);
      const bytes = entry.image(sectors, subset.size(entry, sectors));
      for (const path of paths) writeFileSync(path, bytes);
    }
  }
}
