import type { Mutation } from '../support/mutant.js';
import { ledgerMutations } from './ledger-mutations.js';

/** A fault, and when not the first histories find it, the seed of one that does: it is played first. */
export interface Fault extends Mutation {
  readonly seed?: number;
}

/** Faults that the simulation must find: each is one that somebody could make. */
export const mutations: readonly Fault[] = [
  {
    name: 'answers before the frame is durable',
    file: 'partitions/partition.js',
    find: 'await durable;\n        return { extras }',
    replace: 'return { extras }',
  },
  {
    name: 'calls a frame durable while its commit is in flight',
    file: 'partitions/journal.js',
    find: 'return this.#next ?? this.#current;',
    replace: 'return Promise.resolve();',
  },
  {
    name: 'begins a commit before the last one has ended',
    file: 'partitions/journal.js',
    find: 'async #commitNext() {\n        await this.#current;',
    replace: 'async #commitNext() {\n        await undefined;',
  },
  {
    name: 'takes a frame that was not stored for stored',
    seed: 4,
    file: 'partitions/journal.js',
    find: 'if (!(await this.#file.commit(frames)))',
    replace: 'await this.#file.commit(frames);\n        if (false)',
  },
  {
    name: 'reuses the bytes of a frame before it is stored',
    file: 'partitions/partition-state.js',
    find: 'this.#journal.append(writer.number, sealed).then(again, () => { });',
    replace: 'this.#journal.append(writer.number, sealed).catch(() => { }); again();',
  },
  {
    name: 'goes on serving after a failed commit',
    seed: 4,
    file: 'engine/partition-client.js',
    find: 'catch (error) {\n            void this.#fail(epoch, error);',
    replace:
      'catch (error) {\n            this.#inFlight.delete(batch); batch.fail(unavailable("failed", error));',
  },
  {
    name: 'sends what may have been done to the next thread as well',
    seed: 4,
    file: 'engine/partition-client.js',
    find: "batch.fail(unavailable('its thread failed', cause));\n            this.#mailbox.recycle(batch);",
    replace: 'batch.settle([]); this.#mailbox.recycle(batch);',
  },
  {
    name: 'waits for ever for a commit that hangs',
    seed: 167,
    file: 'engine/partition-client.js',
    find: 'if (age_ms < limits.commit_timeout_ms || ',
    replace: 'if (true || ',
  },
  {
    name: 'does not notice that an idle thread died',
    file: 'engine/partition-client.js',
    find: 'void thread.died.then((error) => this.#fail(hello.epoch, error));',
    replace: '',
  },
  {
    name: 'does not read the outbox again when a thread was lost',
    seed: 358,
    file: 'engine/engine-wallet.js',
    find: "if (change.state === 'serving')\n            void this.#recall(change.partition);",
    replace: '',
  },
  {
    name: 'does not read the outboxes at the start',
    seed: 8,
    file: 'engine/engine-wallet.js',
    find: 'await this.#courier.collect(number, attempts);',
    replace: '',
  },
  {
    name: 'delivers a message under a new id each time',
    file: 'engine/courier.js',
    find: "idOf('deliver', id)",
    replace: "idOf('deliver', id, String(Math.floor(performance.now() * 1e6)))",
  },
  {
    name: 'gives money back when nobody knows whether it was delivered',
    seed: 17,
    file: 'engine/retries.js',
    find: "if (error.code === 'closed')",
    replace:
      "if (error.code === 'unavailable') return { ok: false, code: 'not_found' };\n                if (error.code === 'closed')",
  },
  {
    name: 'lets two partitions take one id',
    seed: 4,
    file: 'engine/claims.js',
    find: 'if (this.#hasOther(key, partition))\n            return false;',
    replace: '',
  },
  {
    name: 'forgets which partition has an id once it is answered',
    seed: 4,
    file: 'engine/claims.js',
    find: 'if (kept)\n            this.note(key, partition);',
    replace: '',
  },
  {
    name: 'forgets the ids of other partitions over a restart',
    seed: 47,
    file: 'engine/router.js',
    find: 'this.#claims?.noteAll(await partition.ids(), number);',
    replace: '',
  },
  {
    name: 'does not ask the partition that may have an id',
    seed: 4,
    file: 'engine/router.js',
    find: 'if (await this.#inBatch(other, command, ask))\n                return true;',
    replace: '',
  },
  {
    name: 'forgets the id of a bet',
    file: 'partitions/turn.js',
    find: 'transactions.accepted(records, start, frame.number, at, mark);',
    replace: '',
  },
  {
    name: 'forgets the id of a refund',
    file: 'partitions/requests.js',
    find: 'transactions.acceptedRequest(records, start, frame.number, at);',
    replace:
      'if (asked.args?.spend === undefined) transactions.acceptedRequest(records, start, frame.number, at);',
  },
  {
    name: 'forgets the ids of bets over a recovery',
    file: 'partitions/recovery.js',
    find: 'state.transactions.accepted(bytes, record, frame, at, head.mark);',
    replace: ';',
  },
  {
    name: 'forgets the ids of requests over a recovery',
    file: 'partitions/recovery.js',
    find: 'state.transactions.acceptedRequest(bytes, record, frame, at);',
    replace: ';',
  },
  {
    name: 'applies entries twice over a recovery',
    file: 'partitions/recovery.js',
    find: 'applyToAccount(actor, head.postings);',
    replace: 'applyToAccount(actor, head.postings); applyToAccount(actor, head.postings);',
  },
  {
    name: 'forgets documents over a recovery',
    file: 'partitions/recovery.js',
    find: 'state.documents.apply(actor.key, bytes.u8, changesAt(bytes, record));',
    replace: ';',
  },
  {
    name: 'forgets that a user has rolled ids back before they came',
    file: 'partitions/turn.js',
    find: "if (mark === 'tombstone')\n            actor.tombstones = true;",
    replace: '',
  },
  {
    name: 'does not mark what was rolled back',
    seed: 6,
    file: 'partitions/transactions.js',
    find: 'this.#setState(this.index.state | STATES.rolledBack);',
    replace: '',
  },
  {
    name: 'writes a checkpoint before its frame is durable',
    file: 'partitions/checkpointer.js',
    find: 'await this.#journal.durable();\n        const rest',
    replace: 'const rest',
  },
  {
    name: 'forgets documents that a checkpoint is about to write',
    file: 'partitions/checkpointer.js',
    find: 'const parts = await this.#dumpActors();',
    replace: 'this.#state.documents.written(); const parts = await this.#dumpActors();',
  },
  {
    name: 'leaves out of a checkpoint what changed in the transaction index',
    file: 'partitions/checkpointer.js',
    find: 'const words = transactions.run.copy();',
    replace: 'const words = transactions.run.copy().slice(4);',
  },
  {
    name: 'forgets documents of a long replay in place of writing them',
    seed: 40,
    file: 'partitions/documents.js',
    find: 'this.#store.writeDocumentsNow(written);',
    replace: '',
  },
  {
    name: 'leaves out of a checkpoint where an actor is',
    file: 'partitions/checkpointer.js',
    find: 'actors.settle(actors.changed);',
    replace: 'actors.settle(actors.changed - 1);',
  },
  {
    name: 'goes on with a state from before the checkpoint',
    file: 'partitions/recovery.js',
    find: 'state.sequence = checkpoint.sequence;',
    replace: 'state.sequence = checkpoint.sequence - 1;',
  },
  {
    name: 'calls done what a full disk has no room for',
    file: 'partitions/slots.js',
    find: 'noRoom: 4,',
    replace: 'noRoom: 0,',
  },
  {
    name: 'skips the checksum of the last frame in a recovery',
    seed: 8,
    file: 'partitions/recovery.js',
    find: 'checkFrame(stored);',
    replace:
      'const [done, total] = new Float64Array(options.progress); if (done < total - 1) checkFrame(stored);',
  },
  {
    name: 'cuts a damaged last frame off without a word',
    seed: 8,
    file: 'partitions/journal.js',
    find: 'this.#last = file.last;',
    replace:
      'this.#last = file.last; while (this.#last > 0 && isDamaged(file.read(this.#last))) this.#last -= 1;' +
      "function isDamaged(f) { return f.length < 80 || Buffer.from(f).readUInt32LE(4) !== process.getBuiltinModule('zlib').crc32(f.subarray(8)); }",
  },
  {
    name: 'does not say where a journal is damaged',
    seed: 8,
    file: 'partitions/recovery.js',
    find: 'const place = `partition',
    replace: 'const place = `somewhere',
  },
  {
    name: 'takes a damaged checkpoint for a damaged journal',
    seed: 20,
    file: 'partitions/recovery.js',
    find: 'if (!(error instanceof CheckpointFault))\n            throw error;\n        notice',
    replace: 'throw error;\n        notice',
  },
  {
    name: 'does not forget a checkpoint that is damaged',
    seed: 76,
    file: 'partitions/incarnation.js',
    find: 'await partition.forgetCheckpoint();',
    replace: ';',
  },
  {
    name: 'forgets that a bet may be won again when its win was rolled back',
    seed: 45,
    file: 'partitions/transactions.js',
    find: 'this.#unsettle(this.#frames.open(this.index.frame), this.index.at, bytes, start);',
    replace: '',
  },
  {
    name: 'says of a new player that it was there',
    file: 'engine/resources/players.js',
    find: 'slot.codes[index] === RESULT.accepted',
    replace: 'slot.codes[index] !== RESULT.accepted',
  },
  {
    name: 'sells at a price that is no more',
    file: 'engine/resources/catalogue.js',
    find: 'this.#note(put.value);',
    replace: '',
  },
  {
    name: 'forgets prices over a restart',
    seed: 8,
    file: 'engine/engine-wallet.js',
    find: 'if (hasCatalogue)',
    replace: 'if (false)',
  },
  ...ledgerMutations,
];
