/**
 * Why the engine could not answer. `overloaded` and `storage_unavailable`: nothing was done.
 * `unavailable`: the outcome is unknown, and the same id is always safe to send again.
 * `closed`: the wallet was closed before the call, or before it came to anything, as while a
 * password is hashed; nothing was done.
 */
export type EngineErrorCode = 'overloaded' | 'storage_unavailable' | 'unavailable' | 'closed';

/**
 * What the promises of an open wallet reject with, but for a TypeError where a list is no array;
 * refusals are answers.
 */
export class EngineError extends Error {
  readonly code: EngineErrorCode;

  constructor(code: EngineErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'EngineError';
    this.code = code;
  }
}

/** Whether nobody knows what was done. An error that is none of the engine's says nothing either. */
export function isUnknown(error: Error): boolean {
  return !(error instanceof EngineError) || error.code === 'unavailable';
}

export function closed(): EngineError {
  return new EngineError('closed', 'the wallet is closed');
}

export function unavailable(reason: string, cause?: unknown): EngineError {
  const message = `the outcome is unknown, send the same id again: ${reason}`;
  return new EngineError('unavailable', message, { cause });
}

/** A wallet or data directory that cannot be opened; the message is one clear line for a person. */
export class OpenError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'OpenError';
  }
}
