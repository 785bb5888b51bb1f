import { deserialize, serialize } from 'node:v8';
const HANGS_MS = [8_000, 1e9];
/**
 * The disk of one partition, as LMDB with synced commits shows it: a commit is there as a whole or
 * not at all, what was acknowledged stays, and what was not may be there after a crash.
 */
export class Disk {
    world;
    frames = new Map();
    values = new Map();
    documents = new Map();
    pending = new Set();
    fault;
    isFull = false;
    /** Rules of the file that the engine broke. */
    violations = [];
    /** Who has it open: a former one is heard no more. */
    opened = 0;
    constructor(world) {
        this.world = world;
    }
    get last() {
        return this.frames.size;
    }
    /** The writes that a dead process or thread had begun come to their end, one way or the other. */
    open() {
        this.abandon();
        for (const write of this.pending)
            if (this.world.random.chance(0.5))
                write.store();
        this.pending = new Set();
    }
    /** Whoever had it open is dead: nothing more comes from there, and nothing goes back. */
    abandon() {
        this.opened += 1;
    }
    /** Begins a write that ends later, unless whoever began it is dead by then. */
    write(opened, store, failed) {
        if (this.opened !== opened)
            return new Promise(() => { });
        const { random } = this.world;
        const { fault } = this;
        this.fault = undefined;
        return new Promise((resolve, reject) => {
            const pending = { store: () => void store() };
            this.pending.add(pending);
            this.world.later(fault === 'hangs' ? random.pick(HANGS_MS) : random.between(0.5, 4), () => {
                if (this.opened !== opened || !this.pending.delete(pending))
                    return;
                if (fault === 'refuses')
                    Promise.resolve().then(failed).then(resolve, reject);
                else if (fault === 'fails') {
                    if (random.chance(0.5))
                        store();
                    reject(new Error('EIO: i/o error, fdatasync'));
                }
                else
                    resolve(store());
            });
        });
    }
}
/** The journal's file on a simulated disk. */
export class SimulatedFile {
    #disk;
    #opened;
    last;
    #isBusy = false;
    constructor(disk) {
        this.#disk = disk;
        this.#opened = disk.opened;
        this.last = disk.last;
    }
    async commit(frames) {
        if (this.#isBusy) {
            this.#disk.violations.push('a commit began while another was in flight, or had failed');
        }
        this.#isBusy = true;
        const isNew = frames.every(({ number }, i) => number === this.#disk.last + 1 + i);
        if (!isNew)
            return false;
        const store = () => {
            // Only now: LMDB reads the bytes until the commit.
            for (const { number, frame } of frames)
                this.#disk.frames.set(number, Buffer.from(frame));
            this.#isBusy = false;
            return true;
        };
        return await this.#disk.write(this.#opened, store, () => false);
    }
    read(number) {
        return this.#disk.frames.get(number);
    }
    hasRoom() {
        return !this.#disk.isFull;
    }
    async close() { }
}
/** The checkpoints on a simulated disk. */
export class SimulatedCheckpoints {
    #disk;
    #opened;
    constructor(disk) {
        this.#disk = disk;
        this.#opened = disk.opened;
    }
    read() {
        const stored = this.#read('meta');
        return stored === undefined ? undefined : { ...stored, hash: Buffer.from(stored.hash) };
    }
    readRun(run) {
        return this.#read(`run ${run}`);
    }
    readPart(part) {
        return this.#read(`part ${part}`);
    }
    #read(key) {
        const stored = this.#disk.values.get(key);
        return stored === undefined ? undefined : deserialize(stored);
    }
    readDocument(owner, id) {
        const stored = this.#disk.documents.get(owner)?.get(id);
        return stored === undefined ? undefined : deserialize(stored);
    }
    *listDocuments(owner, prefix, before = '\uffff') {
        const ids = [...(this.#disk.documents.get(owner)?.keys() ?? [])].sort().reverse();
        for (const id of ids) {
            if (id < before && id.startsWith(prefix))
                yield [id, this.readDocument(owner, id)];
        }
    }
    async writeDocuments(documents) {
        const packed = pack(documents);
        await this.#disk.write(this.#opened, () => this.#put(packed), () => {
            throw new Error('MDB_MAP_FULL');
        });
    }
    async write(checkpoint, changes) {
        const values = new Map([['meta', serialize(checkpoint)]]);
        for (const [run, words] of changes.runs)
            values.set(`run ${run}`, serialize(words));
        for (const [i, words] of changes.parts.entries())
            values.set(`part ${i}`, serialize(words));
        const documents = pack(changes.documents);
        if (checkpoint.frame > this.#disk.last) {
            this.#disk.violations.push('a checkpoint was written before the frame that it is of');
        }
        const store = () => {
            for (const [key, value] of values)
                this.#disk.values.set(key, value);
            this.#put(documents);
        };
        await this.#disk.write(this.#opened, store, () => {
            throw new Error('MDB_MAP_FULL');
        });
    }
    #put(documents) {
        for (const [owner, id, value] of documents) {
            const owned = this.#disk.documents.get(owner) ?? new Map();
            this.#disk.documents.set(owner, owned);
            if (value === null)
                owned.delete(id);
            else
                owned.set(id, value);
        }
    }
    async close() { }
}
function pack(documents) {
    return documents.map(([owner, id, value]) => [
        owner,
        id,
        value === null ? null : serialize(value),
    ]);
}
