import { basename, dirname, relative, sep } from 'node:path';
import { DiskDirectory, type Entry } from './disk-directory.js';
import { DiskFile } from './disk-file.js';
import type { Call, Note } from './recording.js';

interface Handle {
  readonly entry: Entry;
}

interface UnderWay {
  readonly step: number;
  readonly call: Call;
}

/**
 * The disk below one directory, as the notes of a recording make it, step by step. The directory
 * itself is there from the beginning.
 */
export class Disk {
  readonly root: DiskDirectory = new DiskDirectory();
  readonly #base: string;
  #handles = new Map<number, Handle>();
  #underWay = new Map<number, UnderWay>();
  readonly counts = { writes: 0, syncs: 0, sectors: 0 };

  constructor(base: string) {
    this.#base = base;
  }

  apply(step: number, note: Note): void {
    if (note.kind === 'end') this.#end(note.number, note.result);
    else {
      this.#underWay.set(note.number, { step, call: note.call });
      this.#begin(step, note.call);
    }
  }

  /** What is under way takes effect when it begins: until it has returned nobody waits for more. */
  #begin(step: number, call: Call): void {
    switch (call.kind) {
      case 'open':
        this.#open(step, call);
        return;
      case 'write':
        this.counts.writes += 1;
        this.counts.sectors += this.#file(call.handle).write(step, call.at, call.bytes);
        return;
      case 'truncate':
        this.#file(call.handle).truncate(step, call.size);
        return;
      case 'mkdir':
        this.#makeDirectory(step, call.path);
        return;
      case 'unlink':
        this.#names(call.path)?.remove(step, basename(call.path));
        return;
      case 'rename':
        this.#rename(step, call.from, call.to);
        return;
      case 'sync':
      case 'mark':
        return;
    }
  }

  #makeDirectory(step: number, path: string): void {
    const names = this.#names(path);
    const name = basename(path);
    if (names !== undefined && !names.seen.has(name)) names.set(step, name, new DiskDirectory());
  }

  #open(step: number, call: Extract<Call, { kind: 'open' }>): void {
    const { path, handle, creates, truncates } = call;
    if (path === this.#base) {
      this.#handles.set(handle, { entry: this.root });
      return;
    }
    const names = this.#names(path);
    if (creates) names?.set(step, basename(path), new DiskFile());
    const entry = names?.seen.get(basename(path));
    if (entry === undefined) return;
    if (truncates && entry instanceof DiskFile) entry.truncate(step, 0);
    this.#handles.set(handle, { entry });
  }

  #rename(step: number, from: string, to: string): void {
    if (dirname(from) !== dirname(to)) throw new Error(`a rename to another directory: ${to}`);
    this.#names(from)?.rename(step, basename(from), basename(to));
  }

  #end(number: number, result: number): void {
    const ended = this.#underWay.get(number);
    this.#underWay.delete(number);
    if (ended === undefined) throw new Error(`call ${number} ends and did not begin`);
    const { step, call } = ended;
    if (call.kind === 'mkdir' || call.kind === 'open' || call.kind === 'mark') return;
    if (result < 0) throw new Error(`${call.kind} failed while it was recorded`);
    if (call.kind === 'sync') {
      this.counts.syncs += 1;
      this.#handles.get(call.handle)?.entry.synced(step);
    }
    if (call.kind !== 'write') return;
    if (result !== call.bytes.length) throw new Error('a write was short while it was recorded');
    if (call.synchronous) this.#file(call.handle).syncedOnly(step);
  }

  /** The process was killed. `actual` is a file as it was then; absent when there was none. */
  killed(actual: (path: string) => Buffer | undefined): void {
    for (const { step, call } of this.#underWay.values()) {
      if (call.kind === 'write') this.#cutShort(step, call, actual);
      const made = call.kind === 'open' && call.creates ? call.path : undefined;
      if (made === undefined || actual(relative(this.#base, made)) !== undefined) continue;
      this.#names(made)?.remove(step, basename(made));
    }
    this.#underWay = new Map();
    this.#handles = new Map();
  }

  #cutShort(
    step: number,
    call: Extract<Call, { kind: 'write' }>,
    actual: (path: string) => Buffer | undefined,
  ): void {
    const file = this.#file(call.handle);
    const path = [...this.files()].find(([, one]) => one === file)?.[0];
    const found = (path === undefined ? undefined : actual(path)) ?? Buffer.alloc(0);
    let done = 0;
    while (done < call.bytes.length && found[call.at + done] === call.bytes[done]) done += 1;
    if (done === call.bytes.length) return;
    file.undo(step, () => file.write(step, call.at, call.bytes.subarray(0, done)));
  }

  /** Every file as the processes see it, by its path below the base. */
  *files(directory: DiskDirectory = this.root, path = ''): Generator<[string, DiskFile]> {
    for (const [name, entry] of directory.seen) {
      const below = path === '' ? name : `${path}/${name}`;
      if (entry instanceof DiskFile) yield [below, entry];
      else yield* this.files(entry, below);
    }
  }

  #file(handle: number): DiskFile {
    const entry = this.#handles.get(handle)?.entry;
    if (!(entry instanceof DiskFile)) throw new Error(`handle ${handle} is no file`);
    return entry;
  }

  /** The directory in which a path is; a call may name one that is not there, and fail. */
  #names(path: string): DiskDirectory | undefined {
    let directory = this.root;
    for (const name of relative(this.#base, dirname(path)).split(sep)) {
      if (name === '') continue;
      const next = directory.seen.get(name);
      if (!(next instanceof DiskDirectory)) return undefined;
      directory = next;
    }
    return directory;
  }
}
