import { limits } from '../limits.js';
import { readApiKeys } from '../server/auth.js';
import { limits as serverLimits } from '../server/limits.js';
import { logLevels, readTokenSecret } from '../server/settings.js';
import { readPublicKey } from '../server/signatures.js';
import { data } from './command.js';
import type { Values } from './options.js';
import { addressList, currencyCode, filled, integer, oneOf, originList } from './values.js';

/** What `purser serve` can be told; secrets are for the environment alone. */
export const serveOptions = {
  data,
  host: {
    variable: 'PURSER_HOST',
    shows: 'H',
    help: 'the address to listen on; one that is not loopback needs PURSER_API_KEYS',
    fallback: '127.0.0.1',
    read: filled,
  },
  port: {
    variable: 'PURSER_PORT',
    shows: 'N',
    help: 'the port to listen on; 0 picks a free one',
    fallback: '8080',
    read: integer(0, 65_535),
  },
  partitions: {
    variable: 'PURSER_PARTITIONS',
    shows: 'P',
    help: 'threads, fixed when the data directory is made (default: cores - 1)',
    read: integer(1, limits.partitions),
  },
  dialect: {
    variable: 'PURSER_DIALECT',
    shows: 'exwallet|hub88',
    help: 'whose statuses and order of checks the answers follow',
    fallback: 'exwallet',
    read: oneOf(['exwallet', 'hub88']),
  },
  currency: {
    variable: 'PURSER_CURRENCY',
    shows: 'CODE',
    help: 'currency of new users and of prices',
    fallback: 'USD',
    read: currencyCode,
  },
  durability: {
    variable: 'PURSER_DURABILITY',
    shows: 'disk|process',
    help: 'what an answer survives: the loss of power, or only the end of the process',
    fallback: 'disk',
    read: oneOf(['disk', 'process']),
  },
  'initial-balance': {
    variable: 'PURSER_INITIAL_BALANCE',
    shows: 'N',
    help: 'what POST /users gives to a new user, in minor units',
    fallback: '100000',
    read: integer(0, Number.MAX_SAFE_INTEGER),
  },
  log: {
    variable: 'PURSER_LOG',
    shows: 'LEVEL',
    help: `${logLevels.join(', ')}; from info on every request, which costs speed`,
    fallback: 'warn',
    read: oneOf(logLevels),
  },
  'api-keys': {
    variable: 'PURSER_API_KEYS',
    help: 'KEY:scope+scope,KEY:scope of the services that may call',
    read: readApiKeys,
  },
  'hub88-public-key': {
    variable: 'PURSER_HUB88_PUBLIC_KEY',
    help: 'with this RSA key (PEM, or a path) /transaction and /user demand a signature',
    read: readPublicKey,
  },
  'login-rate': {
    variable: 'PURSER_LOGIN_RATE',
    shows: 'N',
    help: 'logins and signups from one address in a minute; 0: any number',
    fallback: `${serverLimits.logins_a_minute}`,
    read: integer(0, 1_000_000),
  },
  'trusted-proxies': {
    variable: 'PURSER_TRUSTED_PROXIES',
    shows: 'LIST',
    help: 'addresses or ranges of proxies in front, whose X-Forwarded-For tells who calls; needs PURSER_API_KEYS',
    read: addressList,
  },
  'token-secret': {
    variable: 'JWT_SECRET',
    help: "what players' tokens are signed with, 32 bytes or more (default: one of its own)",
    read: readTokenSecret,
  },
  'self-topup': {
    variable: 'PURSER_SELF_TOPUP',
    help: 'true lets players add to their own balance with POST /top-up',
    fallback: 'false',
    read: oneOf(['true', 'false']),
  },
  origins: {
    variable: 'FRONTEND_URL',
    help: 'origins whose pages may call, such as https://shop.example, separated by commas',
    read: originList,
  },
  webhooks: {
    variable: 'PURSER_WEBHOOK_SECRET_<PROVIDER>',
    help: "whsec_ and the base64 of the key that signs a payment provider's callbacks; _ means - too",
    read: filled,
  },
} as const;

export type ServeSettings = Values<typeof serveOptions>;
