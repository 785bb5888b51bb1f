// Loaded before everything else in every thread of a process (`node --import`). In a partition's
// thread each write of its own says that it has begun, and then takes its time.
import { EventEmitter } from 'node:events';
import { BroadcastChannel, isMainThread, workerData } from 'node:worker_threads';

if (!isMainThread && workerData?.partition !== undefined) {
  const channel = new BroadcastChannel('writing');
  channel.unref();
  const { emit } = EventEmitter.prototype;
  EventEmitter.prototype.emit = function (name, ...rest) {
    // LMDB says so when it has its lock.
    if (name === 'begin-transaction') {
      channel.postMessage('');
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300);
    }
    return emit.call(this, name, ...rest);
  };
}
