/**
 * What a wallet must answer, told a second time from the contract alone: plain objects, no journal,
 * no partitions, no code of the engine. It knows whole requests and nothing of threads or time.
 */
export type Op = 'bet' | 'win' | 'rollback';
export type Body = Readonly<Record<string, unknown>>;
export type Reply = Readonly<Record<string, unknown>>;

interface Entry {
  readonly op: Op;
  readonly body: Body;
  readonly reply: Reply;
  /** What it did to the balance. */
  readonly moved: number;
  undone: boolean;
  won: boolean;
}

export interface OraclePlayer {
  balance: number;
  disabled: boolean;
  maxBet: number;
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const OPTIONAL = { round: 'string', game_code: 'string', is_free: 'boolean', meta: 'object' };
const low = (id: unknown): string => String(id).toLowerCase();

export class Oracle {
  readonly players: Map<string, OraclePlayer> = new Map();
  readonly #hub88: boolean;
  readonly #entries = new Map<string, Entry>();
  readonly #tombstones = new Set<string>();

  constructor(dialect: 'exwallet' | 'hub88', users: readonly string[], balance: number) {
    this.#hub88 = dialect === 'hub88';
    for (const user of users) {
      this.players.set(user, { balance, disabled: false, maxBet: Number.POSITIVE_INFINITY });
    }
  }

  answer(op: Op, body: Body): Reply {
    const status = this.#hub88 ? this.#hub88Order(op, body) : this.#exwalletOrder(op, body);
    if (status === undefined) return this.#do(op, body);
    if (typeof status === 'object') return status;
    const { user, request_uuid } = body;
    const balance = this.players.get(String(user))?.balance;
    return {
      ...(typeof user === 'string' && { user }),
      status: `RS_ERROR_${status}`,
      ...(typeof request_uuid === 'string' && { request_uuid }),
      ...(status === 'NOT_ENOUGH_MONEY' && { balance }),
    };
  }

  #hub88Order(op: Op, body: Body): string | Reply | undefined {
    const { user, amount, reference_transaction_uuid: target } = body;
    const needs = ['user', 'transaction_uuid', 'request_uuid'];
    if (op !== 'rollback') needs.push('amount', 'currency');
    if (op === 'rollback' || (op === 'win' && body['is_supplier_promo'] !== true)) {
      if (target === undefined || target === null) return 'WRONG_SYNTAX';
    }
    if (needs.some((field) => body[field] === undefined)) return 'WRONG_SYNTAX';
    if (typeof user !== 'string' || !this.#wellFormed(op, body)) return 'WRONG_TYPES';
    if (op !== 'rollback' && (!Number.isSafeInteger(amount) || Number(amount) < 0)) {
      return 'WRONG_TYPES';
    }
    return this.#known(op, body) ?? (this.players.has(user) ? this.#state(op, body) : 'UNKNOWN');
  }

  #exwalletOrder(op: Op, body: Body): string | Reply | undefined {
    const { user, amount, transaction_uuid: id, reference_transaction_uuid: target } = body;
    if (op !== 'rollback') {
      if (amount === undefined) return 'WRONG_SYNTAX';
      if (!Number.isSafeInteger(amount)) return 'WRONG_TYPES';
      if (Number(amount) <= 0) return 'UNKNOWN';
    }
    if (user === undefined) return 'WRONG_SYNTAX';
    if (typeof user !== 'string') return 'WRONG_TYPES';
    if (!this.players.has(user)) return 'UNKNOWN';
    if (id === undefined) return 'WRONG_SYNTAX';
    const known = this.#known(op, body);
    if (known !== undefined) return known;
    if (op !== 'rollback' && body['currency'] === undefined) return 'WRONG_SYNTAX';
    if (op === 'rollback' && (target === undefined || target === null)) return 'WRONG_SYNTAX';
    const refused = this.#state(op, body);
    if (refused !== undefined) return refused;
    if (body['request_uuid'] === undefined) return 'WRONG_SYNTAX';
    return this.#wellFormed(op, body) ? undefined : 'WRONG_TYPES';
  }

  /** Currency, player, bet and funds, as far as the operation looks at them. */
  #state(op: Op, body: Body): string | undefined {
    const player = this.players.get(String(body['user']));
    const { amount, reference_transaction_uuid: target } = body;
    if (op === 'rollback' || player === undefined) return undefined;
    if (typeof body['currency'] !== 'string') return 'WRONG_TYPES';
    if (body['currency'] !== 'USD') return 'WRONG_CURRENCY';
    if (op === 'win') {
      if (target === undefined || target === null) {
        return this.#hub88 && body['is_supplier_promo'] === true ? undefined : 'WRONG_SYNTAX';
      }
      if (!UUID.test(String(target))) return undefined;
      const bet = this.#own(body, target);
      if (bet?.op !== 'bet' || bet.undone) return 'TRANSACTION_DOES_NOT_EXIST';
      return bet.won && !this.#hub88 ? 'UNKNOWN' : undefined;
    }
    if (player.disabled) return 'USER_DISABLED';
    if (body['is_free'] === true) return undefined;
    if (Number(amount) > player.maxBet) return 'LIMIT_REACHED';
    return Number(amount) > player.balance ? 'NOT_ENOUGH_MONEY' : undefined;
  }

  #wellFormed(op: Op, body: Body): boolean {
    const ids = ['transaction_uuid', 'request_uuid'];
    const target = body['reference_transaction_uuid'];
    if (op !== 'bet' && target !== undefined && target !== null) {
      ids.push('reference_transaction_uuid');
    }
    if (!ids.every((field) => UUID.test(String(body[field])))) return false;
    if (op !== 'rollback' && typeof body['currency'] !== 'string') return false;
    return Object.entries(OPTIONAL).every(([field, type]) => {
      return body[field] === undefined || body[field] === null || typeof body[field] === type;
    });
  }

  /** The stored answer or a refusal, when the id is not free. */
  #known(op: Op, body: Body): Reply | string | undefined {
    const id = low(body['transaction_uuid']);
    const entry = this.#entries.get(id);
    if (entry === undefined) {
      const isVoid = op !== 'rollback' && this.#tombstones.has(`${id} ${body['user']}`);
      return isVoid ? 'DUPLICATE_TRANSACTION' : undefined;
    }
    const same = entry.op === op && this.#contentOf(body) === this.#contentOf(entry.body);
    if (!same || entry.undone) return 'DUPLICATE_TRANSACTION';
    return this.#hub88 ? { ...entry.reply, request_uuid: body['request_uuid'] } : entry.reply;
  }

  #contentOf(body: Body): string {
    const listed = ['user', 'amount', 'currency', 'round', 'game_code'];
    if (!this.#hub88) listed.push('is_free', 'is_supplier_promo', 'meta');
    // A flag that is false and one that is not there are the same.
    const content = listed.map((field) => (body[field] || body[field] === 0 ? body[field] : null));
    return JSON.stringify([...content, low(body['reference_transaction_uuid'] ?? '')]);
  }

  #own(body: Body, id: unknown): Entry | undefined {
    const entry = this.#entries.get(low(id));
    return entry?.body['user'] === body['user'] ? entry : undefined;
  }

  /** Money moves and the books of this model are kept. */
  #do(op: Op, body: Body): Reply {
    const player = this.players.get(String(body['user'])) as OraclePlayer;
    const target = body['reference_transaction_uuid'];
    const entry = target === undefined || target === null ? undefined : this.#own(body, target);
    let moved = 0;
    if (op === 'bet' && body['is_free'] !== true) moved = -Number(body['amount']);
    if (op === 'win') moved = Number(body['amount']);
    if (op === 'win' && entry !== undefined) entry.won = true;
    if (op === 'rollback' && entry === undefined) {
      this.#tombstones.add(`${low(target)} ${body['user']}`);
    }
    if (op === 'rollback' && entry !== undefined && entry.op !== 'rollback' && !entry.undone) {
      moved = -entry.moved;
      entry.undone = true;
      const bet = this.#own(body, entry.body['reference_transaction_uuid']);
      if (entry.op === 'win' && bet !== undefined) bet.won = false;
    }
    player.balance += moved;
    const { user, request_uuid } = body;
    const reply = { user, status: 'RS_OK', request_uuid, currency: 'USD', balance: player.balance };
    const made = { op, body, reply, moved, undone: false, won: false };
    this.#entries.set(low(body['transaction_uuid']), made);
    return reply;
  }
}
