export const SECTOR_BYTES = 512;

/** What a sector was to become, and by which step of the recording. */
export interface UnsyncedSector {
  readonly step: number;
  readonly sector: number;
  readonly bytes: Buffer;
}

export interface UnsyncedSize {
  readonly step: number;
  readonly size: number;
}

/**
 * A file as the processes see it, as the disk surely has it, and the sectors and sizes between:
 * the disk may have any of them, and none, until a sync that began after them has returned.
 */
export class DiskFile {
  #seen: Buffer = Buffer.alloc(0);
  #size = 0;
  #durable: Buffer = Buffer.alloc(0);
  #durableSize = 0;
  #sectors: UnsyncedSector[] = [];
  #sizes: UnsyncedSize[] = [];

  get seen(): Buffer {
    return this.#seen.subarray(0, this.#size);
  }

  get durable(): Buffer {
    return this.#durable.subarray(0, this.#durableSize);
  }

  get sectors(): readonly UnsyncedSector[] {
    return this.#sectors;
  }

  get sizes(): readonly UnsyncedSize[] {
    return this.#sizes;
  }

  /** Returns how many sectors it touched. */
  write(step: number, at: number, bytes: Uint8Array): number {
    if (bytes.length === 0) return 0;
    const end = at + bytes.length;
    this.#seen = grown(this.#seen, end);
    this.#seen.set(bytes, at);
    if (end > this.#size) this.#resize(step, end);
    const [first, last] = [Math.floor(at / SECTOR_BYTES), Math.floor((end - 1) / SECTOR_BYTES)];
    for (let sector = first; sector <= last; sector++) this.#changed(step, sector);
    return last - first + 1;
  }

  truncate(step: number, size: number): void {
    const old = this.#size;
    this.#seen = grown(this.#seen, Math.max(size, old));
    this.#resize(step, size);
    if (size >= old) return;
    this.#seen.fill(0, size, old);
    for (let at = size; at < old; at += SECTOR_BYTES) {
      this.#changed(step, Math.floor(at / SECTOR_BYTES));
    }
  }

  #resize(step: number, size: number): void {
    this.#size = size;
    this.#sizes.push({ step, size });
  }

  #changed(step: number, sector: number): void {
    const bytes = Buffer.alloc(SECTOR_BYTES);
    this.#seen.copy(bytes, 0, sector * SECTOR_BYTES, (sector + 1) * SECTOR_BYTES);
    this.#sectors.push({ step, sector, bytes });
  }

  /** A sync that began at this step has returned. */
  synced(began: number): void {
    this.#settle((step) => step < began);
  }

  /** A synchronous write has returned: it made itself durable, and nothing else. */
  syncedOnly(write: number): void {
    const own = new Set(this.#sectors.filter((s) => s.step === write).map((s) => s.sector));
    // What such a sector was to become before is overtaken.
    this.#sectors = this.#sectors.filter((s) => s.step >= write || !own.has(s.sector));
    this.#settle((step) => step === write);
  }

  #settle(isDurable: (step: number) => boolean): void {
    for (const { step, sector, bytes } of this.#sectors) {
      if (isDurable(step)) this.#durable = withSector(this.#durable, sector, bytes);
    }
    for (const { step, size } of this.#sizes) if (isDurable(step)) this.#durableSize = size;
    this.#sectors = this.#sectors.filter(({ step }) => !isDurable(step));
    this.#sizes = this.#sizes.filter(({ step }) => !isDurable(step));
  }

  /** The last write of a killed process came only so far. */
  undo(step: number, replay: () => void): void {
    this.#sectors = this.#sectors.filter((sector) => sector.step !== step);
    this.#sizes = this.#sizes.filter((size) => size.step !== step);
    this.#size = this.#sizes.at(-1)?.size ?? this.#durableSize;
    this.#seen = Buffer.from(this.#durable);
    this.#seen = grown(this.#seen, this.#size);
    for (const { sector, bytes } of this.#sectors) {
      this.#seen = withSector(this.#seen, sector, bytes);
    }
    replay();
  }

  /** The bytes with some of the unsynced sectors and one of the sizes. */
  image(sectors: readonly UnsyncedSector[], size: number): Buffer {
    let bytes: Buffer = grown(Buffer.from(this.durable), size);
    for (const { sector, bytes: changed } of sectors) bytes = withSector(bytes, sector, changed);
    return bytes.subarray(0, size);
  }
}

function withSector(file: Buffer, sector: number, bytes: Buffer): Buffer {
  const larger = grown(file, (sector + 1) * SECTOR_BYTES);
  larger.set(bytes, sector * SECTOR_BYTES);
  return larger;
}

/** At least so long; what is new is zero. */
function grown(bytes: Buffer, length: number): Buffer {
  if (bytes.length >= length) return bytes;
  const larger = Buffer.alloc(Math.max(length, Math.ceil(bytes.length * 1.5)));
  larger.set(bytes);
  return larger;
}
