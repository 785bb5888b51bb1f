import type { Limits as PlayerLimits } from '../ledger/vocabulary.js';
import type { Answer, BalanceBody, BetBody, InfoAnswer, RollbackBody, WinBody } from './bodies.js';
import type {
  Accounts,
  Audit,
  Condition,
  Credits,
  Entitlements,
  Items,
  Orders,
  Outcome,
  Payments,
  Spends,
  Transactions,
  Transfers,
} from './economy.js';

export type { Limits as PlayerLimits } from '../ledger/vocabulary.js';

/** What `batch` takes: one operation and the body of its endpoint. */
export type Operation =
  | ({ readonly op: 'bet' } & BetBody)
  | ({ readonly op: 'win' } & WinBody)
  | ({ readonly op: 'rollback' } & RollbackBody);

export type PlayerStatus = 'ACTIVE' | 'DISABLED';

/** A player as the wallet knows it; `balance` in the currency's minor unit. */
export interface Player {
  readonly player_id: string;
  readonly balance: number;
  readonly currency: string;
  readonly status: PlayerStatus;
  /** How many entries there are of the player. */
  readonly version: number;
  readonly limits: PlayerLimits;
}

/** Limits as they are set; null clears one, as its absence does. */
export type ClearableLimits = { readonly [Name in keyof PlayerLimits]: PlayerLimits[Name] | null };

export interface PlayerBody {
  /** 1 to 255 bytes of UTF-8 without control characters, and not `me`, `.` or `..`. */
  readonly player_id: string;
  /** 3 to 8 letters or digits; default: the wallet's. */
  readonly currency?: string;
  /** Minor units, 0 (default) to 2^53-1. */
  readonly initial_balance?: number;
}

/** The sums of the system accounts over all partitions, exact; over HTTP they are decimal text. */
export interface Books {
  /** Balance of each account in minor units; `players` is the sum of all players. */
  readonly accounts: Readonly<Record<string, bigint>>;
  /** The sum over all accounts and players: always 0. */
  readonly total: bigint;
}

export interface PartitionHealth {
  readonly partition: number;
  readonly state: 'recovering' | 'serving' | 'failed' | 'closed';
  /** Commands waiting, in the mailbox or for another one's id, or in flight. */
  readonly pending: number;
  /** How many times its thread was started again. */
  readonly restarts: number;
  /** Why it failed, or has to recover, when it does. */
  readonly reason?: string;
}

/** A partition that stopped serving, serves again, or never will in this process. */
export interface PartitionChange extends PartitionHealth {
  /** What its thread ended with, or its last attempt to recover. */
  readonly cause?: unknown;
}

/** A partition with what its disk has for it. */
export interface PartitionStanding extends PartitionHealth {
  /**
   * By how many bytes its journal may grow, a second ago: what its file system and LMDB's map have
   * left, less what is kept in reserve. Below zero it answers reads, replays and refusals, and what
   * would be written is `storage_unavailable`.
   */
  readonly room_bytes: number;
}

/** From memory: nobody is asked. */
export interface Health {
  /** Whether every partition serves; one without room does. */
  readonly ok: boolean;
  readonly partitions: readonly PartitionStanding[];
}

/**
 * An open wallet. Amounts and balances are whole numbers of the currency's minor unit. Every
 * promise resolves after its effect is durable. Arguments may be parsed JSON that nobody has looked
 * at: what they cannot be is refused (RS_ERROR_WRONG_SYNTAX or RS_ERROR_WRONG_TYPES,
 * `validation_failed` with `errors`), and nothing is done. A promise rejects with an EngineError,
 * or with a TypeError for a list that is no array. Of the EngineErrors `overloaded`,
 * `storage_unavailable` and `closed` say that nothing was done, `unavailable` that nobody knows,
 * and that the same id is safe to send again.
 */
export interface Wallet {
  /**
   * Makes users with the wallet's default currency and initial balance; resolves to how many are
   * new.
   */
  createUsers(users: readonly unknown[]): Promise<number>;
  /**
   * Debits a stake, once for each `transaction_uuid`: a retry gets the stored answer, a reuse
   * RS_ERROR_DUPLICATE_TRANSACTION. Refused with RS_ERROR_NOT_ENOUGH_MONEY (and the `balance`),
   * USER_DISABLED, LIMIT_REACHED, WRONG_CURRENCY or UNKNOWN it leaves the id free.
   */
  bet(body: BetBody): Promise<Answer>;
  /**
   * Credits a win on the bet that it names, of a disabled user too.
   * RS_ERROR_TRANSACTION_DOES_NOT_EXIST: the user has no such bet, or it was rolled back; it may be
   * sent again when the bet is there.
   */
  win(body: WinBody): Promise<Answer>;
  /**
   * Undoes the bet or win that it names, once. RS_OK too when there is nothing to undo; an unknown
   * id is remembered, and its bet refused when it comes.
   */
  rollback(body: RollbackBody): Promise<Answer>;
  /** The balance and the currency; RS_ERROR_UNKNOWN without such a user. */
  balance(body: BalanceBody): Promise<Answer>;
  /** The same with the country. */
  info(body: BalanceBody): Promise<InfoAnswer>;
  /**
   * Any number of operations; the answers come in the same order. Refused as a whole, `overloaded`,
   * while too many operations of other lists have no answer yet. The array can be used again at
   * once; the operations of a long one are read one after the other, so leave those as they are
   * until then.
   */
  batch(operations: readonly Operation[]): Promise<Answer[]>;
  /** Whether a batch would be refused now: a server need not read it then. */
  isFull(): boolean;
  readonly players: {
    /** Makes a player. Refuses `player_exists`. */
    create(body: PlayerBody): Promise<Outcome<Player>>;
    /** Undefined when there is no such player. */
    get(player: string): Promise<Player | undefined>;
    /**
     * A disabled player bets and spends no more. Undefined when there is no such player. Refuses
     * `version_mismatch` (`version`).
     */
    setStatus(
      player: string,
      status: PlayerStatus,
      condition?: Condition,
    ): Promise<Outcome<Player> | undefined>;
    /** Sets all limits: what is absent or null does not limit. Undefined as above. */
    setLimits(
      player: string,
      limits: ClearableLimits,
      condition?: Condition,
    ): Promise<Outcome<Player> | undefined>;
  };
  readonly credits: Credits;
  readonly spends: Spends;
  readonly transfers: Transfers;
  readonly transactions: Transactions;
  readonly items: Items;
  readonly orders: Orders;
  readonly entitlements: Entitlements;
  readonly payments: Payments;
  readonly accounts: Accounts;
  /** What the system accounts hold, and all players together, at one moment of each partition. */
  books(): Promise<Books>;
  /** Walks the journal up to where it is now, as `purser verify` does, while it is written on. */
  audit(): Promise<Audit>;
  /** Whether every partition serves, from memory. */
  health(): Health;
  /**
   * Calls back after every change of a partition: `recovering` (with the cause), then `serving`
   * again, or `failed`. What it throws is an uncaught exception of the process. Returns what ends
   * that.
   */
  watch(listener: (change: PartitionChange) => void): () => void;
  /** Refuses new work, finishes what was accepted, checkpoints, closes. */
  close(): Promise<void>;
}
