import { amount, members, optional, text } from './forms.js';
import { move } from './money.js';
import { refuse } from './refusals.js';
import { type BaseContext, change, changed, grant, type Rules } from './request.js';
import { transactionOf } from './transactions.js';
import { type DeliverArgs, remit } from './transfers.js';

/** What a referral brings each side, minor units. */
const REFERRAL_BONUS = 50;

/** Documents: what a password is checked with; and what signing up gave. */
export const CREDENTIAL = 'credential';
export const PROFILE = 'profile';

/** A password's hash, and how it was made. */
export interface Credential {
  readonly salt: Uint8Array;
  readonly hash: Uint8Array;
  readonly cost: number;
}

export interface Profile {
  readonly referral_code: string;
  readonly referred_by?: string;
}

export interface SignupArgs {
  readonly referralCode?: string;
}

interface SignupContext extends BaseContext {
  readonly credential: Credential;
  /** Codes to choose from: the first that is free becomes the player's. */
  readonly codes: readonly string[];
  /** Whose code it is; null: nobody's. */
  readonly referrer: string | null;
  readonly currency: string;
}

/** Makes a player with a password. With a code: the bonus, and the debt to whose code it is. */
export const signup: Rules<SignupArgs, SignupContext> = {
  form: members<SignupArgs>({ referralCode: optional(text) }),
  opens: true,
  decide({ account, player, args, context, read, fresh }) {
    if (account !== undefined) return refuse('username_taken');
    const { credential, codes, referrer, currency } = context;
    const inviter = args.referralCode ? referrer : undefined;
    if (inviter === null) return refuse('invalid_referral_code');
    const code = codes.find((candidate) => read('codes', candidate) === undefined);
    if (code === undefined) return refuse('limit_reached');
    const profile: Profile = {
      referral_code: code,
      ...(inviter !== undefined && { referred_by: inviter }),
    };
    const changes = [
      change(CREDENTIAL, credential),
      change(PROFILE, profile),
      change(code, player, 'codes'),
    ];
    if (inviter === undefined) return grant([], changes);
    const bonus: DeliverArgs = {
      message: fresh,
      type: 'REFERRAL',
      from: player,
      amount: REFERRAL_BONUS,
      currency,
    };
    return grant(
      [
        { account: 'treasury', amount: -2 * REFERRAL_BONUS },
        { account: 'player', amount: REFERRAL_BONUS },
        { account: 'transit', amount: REFERRAL_BONUS },
      ],
      [...changes, remit(bonus, inviter, 'treasury')],
    );
  },
  answer: ({ player, changes }) => {
    const { referral_code } = changed<Profile>(changes, PROFILE);
    return { player_id: player, referral_code };
  },
};

export interface TopUpArgs {
  readonly amount: number;
}

/** Credits that the treasury pays: the top-up of the game-wallet service. */
export const topUp: Rules<TopUpArgs, BaseContext> = {
  form: members<TopUpArgs>({ amount }),
  needsActive: true,
  decide({ args: { amount } }) {
    return grant(move('treasury', 'player', amount));
  },
  answer: transactionOf,
};
