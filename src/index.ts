import type { WalletOptions } from './engine/options.js';
import type { Wallet } from './engine/wallet.js';

export declare function openWallet(options?: WalletOptions): Promise<Wallet>;
