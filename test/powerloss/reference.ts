import type { Parts } from './parts.js';

/** Where an entry is, and which version of its player it made. */
export interface Place {
  readonly id: string;
  readonly user: string;
  readonly version: number;
  readonly frame: number;
}

/** The journals at the end of a run: the hash of every frame, from 1 on, and every entry. */
export type Reference = readonly {
  readonly hashes: readonly string[];
  readonly places: readonly Place[];
}[];

export async function readReference(parts: Parts, data: string): Promise<Reference> {
  const { partitions } = parts.existingDirectory(data);
  const all = Array.from({ length: partitions }, (_, partition) => {
    return readJournal(parts, parts.partitionDirectory(data, partition));
  });
  return await Promise.all(all);
}

async function readJournal(parts: Parts, directory: string): Promise<Reference[number]> {
  const path = parts.journalDirectory(directory);
  const journal = parts.openJournal(path, { durability: 'disk', readOnly: true });
  const hashes: string[] = [];
  const places: Place[] = [];
  for (let frame = 1; frame <= journal.last; frame++) {
    const stored = journal.read(frame);
    if (stored === undefined) throw new Error(`${path} lacks frame ${frame}`);
    hashes.push(parts.hashFrame(stored).toString('hex'));
    const bytes = parts.openFrame(stored);
    parts.eachEntry(bytes, (at) => {
      const record = parts.recordOf(bytes, at);
      const id = Buffer.from(bytes.u8.subarray(record + 16, record + 32)).toString('hex');
      const start = parts.userAt(bytes, record);
      const name = bytes.u8.subarray(start, start + parts.userLength(bytes, record));
      const user = Buffer.from(name).toString();
      places.push({ id, user, version: parts.readEntryHead(bytes, at).version, frame });
    });
  }
  await journal.close();
  return { hashes, places };
}
