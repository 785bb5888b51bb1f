import { randomBytes, type ScryptOptions, scrypt, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import type { Credential } from '../ledger/accounts.js';
import { limits } from '../limits.js';
import { EngineError } from './errors.js';

/** 32 MiB and some 100 ms for each password; stored with it, so that it can be raised. */
const COST = 2 ** 15;
const SALT_BYTES = 16;
const HASH_BYTES = 32;
/** Hashed at once: more would keep commits waiting for threads of libuv's pool. */
const AT_ONCE = 2;

export const passwordBytes = { least: 4, most: 1_024 } as const;

/** Hashes passwords, a few at a time; `overloaded` when too many wait. */
export class Passwords {
  #running = 0;
  readonly #waiting: (() => void)[] = [];
  readonly #decoy: Credential = {
    salt: randomBytes(SALT_BYTES),
    hash: randomBytes(HASH_BYTES),
    cost: COST,
  };

  async hash(password: string): Promise<Credential> {
    const salt = randomBytes(SALT_BYTES);
    return { salt, hash: await this.#scrypt(password, salt, COST), cost: COST };
  }

  /** Whether it is the password of a credential; takes as long when there is none. */
  async matches(password: string, credential: Credential | null): Promise<boolean> {
    const { salt, hash, cost } = credential ?? this.#decoy;
    const same = timingSafeEqual(await this.#scrypt(password, salt, cost), hash);
    return same && credential !== null;
  }

  async #scrypt(password: string, salt: Uint8Array, cost: number): Promise<Buffer> {
    if (this.#waiting.length >= limits.passwords_waiting) throw full();
    if (this.#running < AT_ONCE) this.#running += 1;
    else await new Promise<void>((go) => this.#waiting.push(go));
    try {
      const options = { N: cost, r: 8, p: 1, maxmem: 256 * cost * 8 };
      return await derive(password.normalize('NFC'), salt, HASH_BYTES, options);
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#running -= 1;
      else next();
    }
  }
}

function full(): EngineError {
  return new EngineError('overloaded', 'too many passwords wait to be hashed; nothing was done');
}

const derive = promisify<string, Uint8Array, number, ScryptOptions, Buffer>(scrypt);
