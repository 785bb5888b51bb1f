import {
  count,
  expected,
  type Form,
  isObject,
  malformed,
  members,
  oneOf,
  optional,
  unknownIn,
} from '../../ledger/forms.js';
import { invalid, refuse } from '../../ledger/refusals.js';
import type { Limits } from '../../ledger/vocabulary.js';
import { type Extra, RESULT, type Slot } from '../../partitions/slots.js';
import { currencyOf } from '../answers.js';
import type { Batch, Caller } from '../batch.js';
import { writeLimits, writeOpen, writePlayerRead, writeStatus } from '../control-writer.js';
import type { Condition, Outcome, Refused } from '../economy.js';
import { isCurrencyCode } from '../options.js';
import { doneWith, refusedAs } from '../requests.js';
import type { Router } from '../router.js';
import { isNewUserId, newUserIdRule } from '../user-id.js';
import type { ClearableLimits, Player, PlayerBody, PlayerStatus, Wallet } from '../wallet.js';
import { given } from './arguments.js';

/** Commands about players themselves; they carry no transaction id. */
export class PlayerCommands {
  readonly #router: Router;
  readonly #demandOpen: () => void;

  constructor(router: Router, demandOpen: () => void) {
    this.#router = router;
    this.#demandOpen = demandOpen;
  }

  /** Resolves to false when there is a player of this name. */
  open(user: string, currency: string, balance: number): Promise<boolean> {
    return this.#send(
      user,
      (batch) => writeOpen(batch.slot.records, batch.end, user, currency, balance),
      (slot, index) => slot.codes[index] === RESULT.accepted,
    );
  }

  /** Sends what `write` writes, and resolves to how the player is after it. */
  async player(user: string, write: (batch: Batch) => number): Promise<Player | undefined> {
    if (typeof user !== 'string') return undefined;
    return this.#send(user, write, (slot, index, extra) => playerOf(user, slot, index, extra));
  }

  /** The same for a setting, which the player's version can refuse. */
  async set(user: string, write: (batch: Batch) => number): Promise<Outcome<Player> | undefined> {
    if (typeof user !== 'string') return undefined;
    return this.#send(user, write, (slot, index, extra) => {
      const player = playerOf(user, slot, index, extra);
      if (player === undefined) return undefined;
      if (slot.codes[index] !== RESULT.refused) return doneWith(player, player.version);
      return refusedAs(refuse('version_mismatch', { version: player.version }));
    });
  }

  #send<T>(
    user: string,
    write: (batch: Batch) => number,
    read: (slot: Slot, index: number, extra: Extra | undefined) => T,
  ): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#demandOpen();
      const partition = this.#router.partitionOf(user);
      const batch = partition.batch();
      const caller: Caller = {
        settle: (_tag, slot, index, extra) => resolve(read(slot, index, extra)),
        fail: (_tag, error) => reject(error),
      };
      partition.post(batch, caller, 0, write(batch));
    });
  }
}

const PLAYER = ['player_id', 'currency', 'initial_balance'];

/** `currency` is that of players who ask for none. */
export function playersOf(commands: PlayerCommands, currency: string): Wallet['players'] {
  const get = (user: string): Promise<Player | undefined> =>
    commands.player(user, ({ slot, end }) => writePlayerRead(slot.records, end, user));
  return {
    get,
    create: async (body) => {
      const unknown = isObject(body) ? unknownIn(body, PLAYER) : undefined;
      if (unknown !== undefined) return refusedAs(invalid(unknown.pointer, unknown.detail));
      return create(commands, { currency, ...given(body ?? {}) });
    },
    setStatus: async (user, status, condition = {}) => {
      const refused = malformed(statusForm, { status, ifMatch: ifMatchIn(condition) });
      if (refused !== undefined) return refusedAs(refused);
      return commands.set(user, ({ slot, end }) => {
        return writeStatus(slot.records, end, user, status === 'DISABLED', condition.ifMatch);
      });
    },
    setLimits: async (user, limits, condition = {}) => {
      const refused =
        malformed(limitsForm, limits) ??
        malformed(conditionForm, { ifMatch: ifMatchIn(condition) });
      if (refused !== undefined) return refusedAs(refused);
      const set = withoutNulls(limits);
      return commands.set(user, ({ slot, end }) => {
        return writeLimits(slot.records, end, user, set, condition.ifMatch);
      });
    },
  };
}

const clearable: Form<number | null | undefined> = (value) =>
  value === null ? undefined : optional(count)(value);
const limitsForm = members<ClearableLimits>({
  max_bet: clearable,
  daily_stake: clearable,
  daily_loss: clearable,
});
const ifMatch = optional(expected);
const conditionForm = members<Condition>({ ifMatch });
const statusForm = members<Condition & { readonly status: PlayerStatus }>({
  status: oneOf('ACTIVE', 'DISABLED'),
  ifMatch,
});

/** A condition may come with what other calls take beside it. */
function ifMatchIn(options: unknown): unknown {
  return isObject(options) ? options['ifMatch'] : null;
}

/** In one order: equal limits are equal bytes. */
function withoutNulls({ max_bet, daily_stake, daily_loss }: ClearableLimits): Limits {
  return {
    ...(max_bet != null && { max_bet }),
    ...(daily_stake != null && { daily_stake }),
    ...(daily_loss != null && { daily_loss }),
  };
}

async function create(
  commands: PlayerCommands,
  { player_id, currency, initial_balance: balance = 0 }: PlayerBody & { readonly currency: string },
): Promise<Outcome<Player>> {
  const fault = faultOf(player_id, currency, balance);
  if (fault !== undefined) return fault;
  const isNew = await commands.open(player_id, currency, balance);
  if (!isNew) return refusedAs(refuse('player_exists'));
  // Told without another command: one that is refused then would say that nothing was done.
  const [status, version, limits] = ['ACTIVE', 1, {}] as const;
  return doneWith<Player>({ player_id, balance, currency, status, version, limits }, version);
}

function faultOf(id: unknown, currency: unknown, balance: unknown): Refused | undefined {
  const at = (pointer: string, detail: string): Refused => refusedAs(invalid(pointer, detail));
  if (!isNewUserId(id)) return at('/player_id', newUserIdRule);
  if (!isCurrencyCode(currency)) return at('/currency', 'must be 3 to 8 letters or digits');
  if (Number.isSafeInteger(balance) && Number(balance) >= 0) return undefined;
  return at('/initial_balance', 'must be a whole number from 0 to 2^53-1');
}

function playerOf(
  user: string,
  slot: Slot,
  index: number,
  extra: Extra | undefined,
): Player | undefined {
  const state = extra?.player;
  if (state === undefined) return undefined;
  const { balance, version, disabled, limits } = state;
  const currency = currencyOf(slot, index);
  const status = disabled ? 'DISABLED' : 'ACTIVE';
  return { player_id: user, balance, currency, status, version, limits };
}
