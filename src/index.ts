export type * from './engine/bodies.js';
export type * from './engine/economy.js';
export { openWallet } from './engine/engine.js';
export { EngineError, type EngineErrorCode, OpenError } from './engine/errors.js';
export type { Progress, WalletOptions } from './engine/options.js';
export type * from './engine/wallet.js';
