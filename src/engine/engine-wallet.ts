import { accountSums, totalOf } from '../ledger/apply.js';
import { CATALOGUE } from '../ledger/catalogue.js';
import type { Message } from '../ledger/messages.js';
import { limits } from '../limits.js';
import { Cursors } from '../partitions/cursors.js';
import { reasonOf } from '../partitions/fault.js';
import { infoOf, malformedAnswer } from './answers.js';
import type { Answer, BalanceBody, BetBody, InfoAnswer, RollbackBody, WinBody } from './bodies.js';
import { One } from './callers.js';
import type { Clock } from './clock.js';
import type { BetKind, Body } from './command-writer.js';
import { Courier } from './courier.js';
import type {
  Accounts,
  Audit,
  Credits,
  Entitlements,
  Orders,
  Payments,
  Spends,
  Transactions,
  Transfers,
} from './economy.js';
import { closed, EngineError, unavailable } from './errors.js';
import { Lists } from './lists.js';
import type { Settings } from './options.js';
import type { PartitionClient } from './partition-client.js';
import { RequestIds } from './request-ids.js';
import { Requests } from './requests.js';
import { accountsOf } from './resources/accounts.js';
import { Catalogue } from './resources/catalogue.js';
import { creditsOf, spendsOf, transactionsOf, transfersOf } from './resources/credits.js';
import { paymentsOf } from './resources/payments.js';
import { PlayerCommands, playersOf } from './resources/players.js';
import { entitlementsOf, ordersOf } from './resources/shop.js';
import { Retries } from './retries.js';
import type { Router } from './router.js';
import { isNewUserId } from './user-id.js';
import type { Books, Health, Operation, PartitionChange, Wallet } from './wallet.js';

/** Opens this many users of a list before it looks whether there is room for more. */
const STRIDE = 1024;

/** The wallet over its partitions: routes, waits, and puts answers together. */
export class EngineWallet implements Wallet {
  readonly #partitions: readonly PartitionClient[];
  readonly #router: Router;
  readonly #settings: Settings;
  readonly #release: () => Promise<void>;
  readonly #retries = new Retries();
  readonly #courier: Courier;
  readonly #audit: () => Promise<Audit>;
  readonly #room: (partition: number) => number;
  readonly #commands: PlayerCommands;
  readonly items: Catalogue;
  readonly players: Wallet['players'];
  readonly credits: Credits;
  readonly spends: Spends;
  readonly transfers: Transfers;
  readonly transactions: Transactions;
  readonly orders: Orders;
  readonly entitlements: Entitlements;
  readonly payments: Payments;
  readonly accounts: Accounts;
  readonly #lists: Lists;
  readonly #listeners = new Set<(change: PartitionChange) => void>();
  #closing: Promise<void> | undefined;

  constructor(
    partitions: readonly PartitionClient[],
    router: Router,
    settings: Settings,
    { clock, seed, audit, room, release }: Dependencies,
  ) {
    this.#partitions = partitions;
    this.#router = router;
    this.#lists = new Lists(router);
    this.#settings = settings;
    this.#release = release;
    this.#audit = audit;
    this.#room = room;
    const { currency } = settings;
    const demandOpen = () => this.#demandOpen();
    const post = (messages: readonly Message[]) => this.#courier.post(messages);
    const requests = new Requests(router, new RequestIds(clock), currency, demandOpen, post);
    this.#courier = new Courier(this.#retries, requests);
    this.#commands = new PlayerCommands(router, demandOpen);
    this.players = playersOf(this.#commands, currency);
    this.items = new Catalogue(requests, currency, new Cursors(seed));
    this.credits = creditsOf(requests);
    this.spends = spendsOf(requests);
    this.transfers = transfersOf(requests);
    this.transactions = transactionsOf(requests);
    this.orders = ordersOf(requests, this.items, currency);
    this.entitlements = entitlementsOf(requests);
    this.payments = paymentsOf(requests, partitions.length);
    this.accounts = accountsOf(requests, router, this.items, currency);
  }

  /**
   * Reads the catalogue, and goes on with messages that are still under way. Rejects when a
   * partition fails again and again over what it has to read for that.
   */
  async begin(): Promise<void> {
    for (const [number, partition] of this.#partitions.entries()) {
      await this.#recall(number, limits.recovery_attempts).catch((cause: unknown) => {
        throw new Error(`partition ${number}: ${saidBy(cause)}`, { cause });
      });
      partition.onChange((change) => this.#changed(change));
    }
  }

  #changed(change: PartitionChange): void {
    // Some that its last thread did, nobody heard of.
    if (change.state === 'serving') void this.#recall(change.partition);
    // A listener that throws does not throw into a recovery.
    for (const tell of this.#listeners) queueMicrotask(() => tell(change));
  }

  /** Learns from a partition what a former process or thread of it may have done unheard. */
  async #recall(number: number, attempts?: number): Promise<void> {
    const hasCatalogue = number === this.#router.numberOf(CATALOGUE);
    const load = () => this.items.load(number);
    if (hasCatalogue) await this.#retries.until(load, undefined, attempts);
    await this.#courier.collect(number, attempts);
  }

  bet(body: BetBody): Promise<Answer> {
    return this.#one('bet', body);
  }

  win(body: WinBody): Promise<Answer> {
    return this.#one('win', body);
  }

  rollback(body: RollbackBody): Promise<Answer> {
    return this.#one('rollback', body);
  }

  balance(body: BalanceBody): Promise<Answer> {
    return this.#one('read', body);
  }

  async info(body: BalanceBody): Promise<InfoAnswer> {
    return infoOf(await this.#one('read', body));
  }

  #one(kind: BetKind, body: object): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.#demandOpen();
      if (!isBody(body)) resolve(malformedAnswer(body, 'RS_ERROR_WRONG_SYNTAX'));
      else this.#router.send(kind, body, new One(body, resolve, reject), 0);
    });
  }

  async batch(operations: readonly Operation[]): Promise<Answer[]> {
    if (!Array.isArray(operations)) throw new TypeError('batch takes an array of operations');
    this.#demandOpen();
    return this.#lists.send(operations);
  }

  isFull(): boolean {
    return this.#lists.isFull;
  }

  async createUsers(users: readonly unknown[]): Promise<number> {
    if (!Array.isArray(users)) throw new TypeError('createUsers takes an array of names');
    this.#demandOpen();
    const { currency, initialBalance } = this.#settings;
    const opened: Promise<boolean>[] = [];
    let created = 0;
    for (const user of new Set(users)) {
      if (!isNewUserId(user)) continue;
      if (opened.length >= STRIDE) created += await countTrue(opened.splice(0), created);
      opened.push(this.#commands.open(user, currency, initialBalance));
    }
    return created + (await countTrue(opened, created));
  }

  async books(): Promise<Books> {
    const shares = await Promise.all(this.#partitions.map((partition) => partition.books()));
    const total = shares.reduce((sum, share) => sum + totalOf(share), 0n);
    return { accounts: accountSums(shares), total };
  }

  async audit(): Promise<Audit> {
    this.#demandOpen();
    return this.#audit();
  }

  health(): Health {
    const partitions = this.#partitions.map((partition, number) => {
      const health = partition.health();
      const pending = health.pending + this.#router.heldBy(number);
      return { ...health, pending, room_bytes: this.#room(number) };
    });
    return { ok: partitions.every(({ state }) => state === 'serving'), partitions };
  }

  watch(listener: (change: PartitionChange) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  /** Every new call is refused from the close on. */
  #demandOpen(): void {
    if (this.#closing !== undefined) throw closed();
  }

  async #close(): Promise<void> {
    try {
      this.#retries.stop();
      await this.#courier.stopped();
      await this.#lists.ended();
      await this.#router.unheld();
    } finally {
      await this.#end();
    }
  }

  /** The directory is given back when no partition writes any more, however each of them ended. */
  async #end(): Promise<void> {
    const ends = await Promise.allSettled(this.#partitions.map((partition) => partition.close()));
    await this.#release();
    for (const end of ends) if (end.status === 'rejected') throw end.reason;
  }
}

/** What the wallet is opened with. */
interface Dependencies {
  readonly clock: Clock;
  /** Eight bytes of the data directory's own. */
  readonly seed: Uint8Array;
  /** Walks the journal as it is now. */
  readonly audit: () => Promise<Audit>;
  /** By how many bytes a partition's journal may grow, from memory. */
  readonly room: (partition: number) => number;
  /** Gives the data directory back. */
  readonly release: () => Promise<void>;
}

/** Why a partition did not answer, as its thread said it. */
function saidBy(error: unknown): string {
  return reasonOf(error instanceof EngineError ? (error.cause ?? error) : error);
}

function isBody(body: unknown): body is Body {
  return typeof body === 'object' && body !== null;
}

/** Throws what all failed with; when others did not, or failed otherwise, what was done is not known. */
async function countTrue(promises: readonly Promise<boolean>[], before: number): Promise<number> {
  const settled = await Promise.allSettled(promises);
  const made = settled.filter((one) => one.status === 'fulfilled' && one.value).length;
  const failures = settled.flatMap((one) => (one.status === 'rejected' ? [one.reason] : []));
  const [failure] = failures;
  if (failure === undefined) return made;
  const isUndone = before + made === 0 && failures.every(({ code }) => code === failure.code);
  throw isUndone ? failure : unavailable('a part of the users may be made', failure);
}
