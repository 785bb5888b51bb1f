import type { FastifyInstance } from 'fastify';
import type { Outcome } from '../../engine/economy.js';
import type { Wallet } from '../../engine/wallet.js';
import { limits } from '../limits.js';
import { type Answered, type Asked, addOperation, type Doors, plain } from '../operation.js';
import { Problem } from '../problems.js';
import * as schemas from '../schemas/accounts.js';
import { TOKEN_SECONDS, type Tokens } from '../tokens.js';

const shared = { tag: 'Game wallet', alsoError: true } as const;
/** What is the player's of the token. */
const own = { access: { scope: 'wallet', self: true }, tokenOnly: true } as const;

interface AccountSettings {
  readonly tokens: Tokens;
  /** Players may add to their own balance. */
  readonly selfTopUp: boolean;
  /** Options of the routes that check or make passwords. */
  readonly guarded: (app: FastifyInstance) => Promise<void>;
}

interface Login {
  readonly username: string;
  readonly password: string;
}

/** The endpoints of the game-wallet service, as its front end calls them. */
export function accountRoutes(
  app: FastifyInstance,
  doors: Doors,
  wallet: Wallet,
  settings: AccountSettings,
): void {
  app.register(async (inner) => {
    await settings.guarded(inner);
    signupRoute(inner, doors, wallet);
    for (const path of ['/login', '/signin']) loginRoute(inner, doors, wallet, settings, path);
  });
  balanceRoute(app, doors, wallet);
  topUpRoute(app, doors, wallet, settings);
  purchaseRoute(app, doors, wallet);
}

type Signup = Login & { readonly referralCode?: string | null };

function signupRoute(app: FastifyInstance, doors: Doors, { accounts }: Wallet): void {
  addOperation<Signup>(
    app,
    doors,
    {
      method: 'POST',
      url: '/signup',
      id: 'signup',
      ...shared,
      summary: 'Makes a player with a password',
      description: 'With a referral code both players get 50, once each; the treasury pays.',
      key: 'optional',
      body: schemas.signupBody,
      bodyLimit: limits.login_body_bytes,
      bodyExample: { username: 'carol', password: 'correct horse' },
      answers: { 200: schemas.signedUp },
      examples: { 200: { userId: 'carol', status: 'Created', referralCode: 'REF-X99NHX' } },
      problems: ['username_taken', 'limit_reached', 'invalid_referral_code', 'rate_limited'],
    },
    async ({ body: { username, password, referralCode }, options }) => {
      const code = referralCode == null ? {} : { referralCode };
      const outcome = await accounts.signup({ username, password, ...code }, options);
      return mapped(outcome, ({ player_id, referral_code }) => {
        return { userId: player_id, status: 'Created', referralCode: referral_code };
      });
    },
  );
}

function loginRoute(
  app: FastifyInstance,
  doors: Doors,
  { accounts }: Wallet,
  { tokens }: AccountSettings,
  url: string,
): void {
  addOperation<Login>(
    app,
    doors,
    {
      method: 'POST',
      url,
      id: url.slice(1),
      ...shared,
      summary: 'Gives a token for a password',
      unversioned: true,
      body: schemas.loginBody,
      bodyLimit: limits.login_body_bytes,
      bodyExample: { username: 'carol', password: 'correct horse' },
      answers: { 200: schemas.loggedIn },
      examples: {
        200: { token: 'eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9…', expiresIn: TOKEN_SECONDS },
      },
      problems: ['invalid_credentials', 'account_disabled', 'rate_limited'],
    },
    async ({ body: { username, password } }) => {
      const verdict = await accounts.verify(username, password);
      if (verdict === 'invalid') throw new Problem('invalid_credentials');
      if (verdict === 'disabled') throw new Problem('account_disabled');
      const token = tokens.sign(username.normalize('NFC'));
      return plain({ token, expiresIn: TOKEN_SECONDS });
    },
  );
}

function balanceRoute(app: FastifyInstance, doors: Doors, { accounts }: Wallet): void {
  addOperation(
    app,
    doors,
    {
      method: 'GET',
      url: '/balance',
      id: 'balance',
      ...shared,
      summary: 'What the player of the token has',
      ...own,
      answers: { 200: schemas.balanceAnswer },
      examples: {
        200: {
          username: 'carol',
          balance: 90,
          version: 3,
          referralCode: 'REF-X99NHX',
          inventory: { goldCoins: 1, treasureBoxes: 0 },
        },
      },
      problems: ['player_not_found'],
    },
    async (asked) => {
      const outcome = await accounts.balance(selfOf(asked));
      return mapped(outcome, ({ player_id, balance, version, referral_code, owned }) => ({
        username: player_id,
        balance,
        version,
        referralCode: referral_code,
        inventory: {
          goldCoins: owned['gold_coin'] ?? 0,
          treasureBoxes: owned['treasure_box'] ?? 0,
        },
      }));
    },
  );
}

function topUpRoute(
  app: FastifyInstance,
  doors: Doors,
  { accounts }: Wallet,
  { selfTopUp }: AccountSettings,
): void {
  addOperation<{ readonly amount: number }>(
    app,
    doors,
    {
      method: 'POST',
      url: '/top-up',
      id: 'topUp',
      ...shared,
      summary: 'Adds to the own balance; the treasury pays',
      description: 'Players mint money here: only with PURSER_SELF_TOPUP=true.',
      ...own,
      key: 'optional',
      condition: true,
      body: schemas.topUpBody,
      bodyExample: { amount: 100 },
      answers: { 200: schemas.toppedUp },
      examples: { 200: { status: 'Topup Successful', balance: 100, version: 2 } },
      problems: [
        'self_topup_disabled',
        'account_disabled',
        'balance_limit_exceeded',
        'player_not_found',
      ],
    },
    async (asked) => {
      if (!selfTopUp) throw new Problem('self_topup_disabled');
      const outcome = await accounts.topUp(selfOf(asked), asked.body, asked.options);
      return mapped(outcome, ({ balance_after }, version) => {
        return { status: 'Topup Successful', balance: balance_after, version };
      });
    },
  );
}

interface Purchase {
  readonly item: string;
  readonly quantity?: number;
}

function purchaseRoute(app: FastifyInstance, doors: Doors, { accounts }: Wallet): void {
  addOperation<Purchase>(
    app,
    doors,
    {
      method: 'POST',
      url: '/purchase',
      id: 'purchase',
      ...shared,
      summary: 'Buys an item: one order, completed at once',
      ...own,
      key: 'optional',
      condition: true,
      body: schemas.purchaseBody,
      bodyExample: { item: 'gold_coin', quantity: 1 },
      answers: { 200: schemas.purchased },
      examples: {
        200: {
          status: 'Purchase Successful',
          balance: 90,
          version: 3,
          order_id: 'ord_01a1fc943b5900006cbcf07bc9abcc00',
        },
      },
      problems: [
        'insufficient_funds',
        'unknown_item',
        'item_unavailable',
        'already_owned',
        'limit_reached',
        'currency_mismatch',
        'balance_limit_exceeded',
        'account_disabled',
        'player_not_found',
      ],
    },
    async (asked) => {
      const outcome = await accounts.purchase(selfOf(asked), asked.body, asked.options);
      return mapped(outcome, ({ balance_after, order_id }, version) => {
        return { status: 'Purchase Successful', balance: balance_after, version, order_id };
      });
    },
  );
}

function selfOf({ caller }: Asked<unknown, unknown>): string {
  if (caller.kind === 'player') return caller.player;
  throw new Problem('unauthenticated', "This takes a player's token.");
}

function mapped<T>(outcome: Outcome<T>, map: (value: T, version: number) => unknown): Answered {
  if (!outcome.ok) return { outcome };
  return { outcome: { ...outcome, value: map(outcome.value, outcome.version) } };
}
