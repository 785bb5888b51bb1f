import { randomInt } from 'node:crypto';
import type { Credential, SignupArgs, TopUpArgs } from '../../ledger/accounts.js';
import { isObject } from '../../ledger/forms.js';
import { invalid, refuse } from '../../ledger/refusals.js';
import { limits } from '../../limits.js';
import type { Accounts, OptionalRequestOptions, Outcome, Refused } from '../economy.js';
import { Passwords, passwordBytes } from '../passwords.js';
import { type Requests, refusedAs } from '../requests.js';
import type { Router } from '../router.js';
import { isNewUserId, newUserIdRule } from '../user-id.js';
import { given } from './arguments.js';
import type { Catalogue } from './catalogue.js';
import { orderOf } from './shop.js';

type Signup = Parameters<Accounts['signup']>[0];
type Signed = Awaited<ReturnType<Accounts['signup']>>;
type StoredCredential = Credential & { readonly disabled: boolean };

/** What `GET /balance` tells the units of: the items that are sold from the start. */
const SHOWN = ['gold_coin', 'treasure_box'];

export function accountsOf(
  requests: Requests,
  router: Router,
  catalogue: Catalogue,
  currency: string,
): Accounts {
  const passwords = new Passwords();
  return {
    signup: (body, options = {}) => {
      return signup({ requests, router, passwords, currency }, body, options);
    },
    verify: async (username, password) => {
      if (typeof username !== 'string' || typeof password !== 'string') return 'invalid';
      if (isLong(username, limits.user_bytes) || isLong(password, passwordBytes.most))
        return 'invalid';
      const credential = await credentialOf(requests, username.normalize('NFC'));
      if (!(await passwords.matches(password, credential))) return 'invalid';
      return credential?.disabled === true ? 'disabled' : 'valid';
    },
    topUp: async (player, body, options = {}) => {
      if (!isObject(body)) return noObject();
      const args: TopUpArgs = { amount: body.amount };
      return requests.ask({ kind: 'top_up', player, args }, options, 'optional');
    },
    purchase: async (player, body, options = {}) => {
      if (!isObject(body)) return noObject();
      const { item, quantity } = body;
      const order = { lines: [{ sku: item, quantity: quantity ?? 1 }], complete: true };
      // A retry is compared with what was sent: an order under the same key is another request.
      const purchase = given({ item, quantity });
      const asking = orderOf(player, order, catalogue, currency, purchase);
      return requests.ask(asking, options, 'optional');
    },
    balance: (player) => requests.query(player, { what: 'account', skus: SHOWN }),
  };
}

interface Means {
  readonly requests: Requests;
  readonly router: Router;
  readonly passwords: Passwords;
  readonly currency: string;
}

async function signup(
  { requests, router, passwords, currency }: Means,
  body: Signup,
  options: OptionalRequestOptions,
): Promise<Signed> {
  const fault = faultOf(body);
  if (fault !== undefined) return fault;
  const { password } = body;
  const referralCode = body.referralCode ?? undefined;
  const player = body.username.normalize('NFC');
  const args: SignupArgs = given({ referralCode });
  const context = {
    credential: await passwords.hash(password),
    codes: codesFor(router, router.numberOf(player)),
    referrer: await referrerOf(requests, router, referralCode),
    currency,
  };
  const asking = { kind: 'signup', player, args, context } as const;
  const signed: Signed = await requests.ask(asking, options, 'optional');
  if (!signed.ok || !signed.replayed) return signed;
  // The password is no argument that could be stored and compared.
  const same = await passwords.matches(password, await credentialOf(requests, player));
  return same ? signed : refusedAs(refuse('idempotency_key_reused'));
}

async function credentialOf(requests: Requests, player: string): Promise<StoredCredential | null> {
  const found = await requests.query<StoredCredential | null>(player, { what: 'credential' });
  return found.ok ? found.value : null;
}

/** What cannot be a username or a password. */
function faultOf(body: unknown): Refused | undefined {
  if (!isObject(body)) return noObject();
  const { username, password } = body;
  if (!isUsername(username)) return invalidAt('/username', newUserIdRule);
  if (isPassword(password)) return undefined;
  return invalidAt('/password', `must be ${passwordBytes.least} to ${passwordBytes.most} bytes`);
}

function invalidAt(pointer: string, detail: string): Refused {
  return refusedAs(invalid(pointer, detail));
}

function noObject(): Refused {
  return invalidAt('', 'must be an object');
}

function isUsername(username: unknown): boolean {
  if (typeof username !== 'string' || isLong(username, limits.user_bytes)) return false;
  return isNewUserId(username.normalize('NFC'));
}

/**
 * Whether a text has more bytes in NFC however that turns out, which makes two bytes of three units
 * at best. It is not tried: with crafted marks it takes time by the square of their number.
 */
function isLong(text: string, bytes: number): boolean {
  return text.length > 2 * bytes;
}

function isPassword(password: unknown): boolean {
  if (typeof password !== 'string' || !password.isWellFormed()) return false;
  if (isLong(password, passwordBytes.most)) return false;
  const { length } = Buffer.from(password.normalize('NFC'));
  return length >= passwordBytes.least && length <= passwordBytes.most;
}

async function referrerOf(
  requests: Requests,
  router: Router,
  code: string | undefined,
): Promise<string | null> {
  if (typeof code !== 'string' || !CODE.test(code)) return null;
  const at = router.numberOf(code);
  const owner: Outcome<string | null> = await requests.queryAt(at, { what: 'code', code });
  return owner.ok ? owner.value : null;
}

const CODE = /^REF-[0-9A-Z]{6}$/;
const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ';
const CANDIDATES = 4;

/** Random codes that belong to the player's own partition, where they are kept. */
function codesFor(router: Router, partition: number): readonly string[] {
  const codes: string[] = [];
  while (codes.length < CANDIDATES) {
    let code = 'REF-';
    for (let i = 0; i < 6; i++) code += DIGITS[randomInt(DIGITS.length)];
    if (router.numberOf(code) === partition) codes.push(code);
  }
  return codes;
}
