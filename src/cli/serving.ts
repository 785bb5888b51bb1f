import type { Wallet } from '../engine/wallet.js';
import { openWallet } from '../index.js';
import { reasonOf } from '../partitions/fault.js';
import { SHORTEST_KEY_BYTES } from '../server/auth.js';
import { drain } from '../server/drain.js';
import type { Server, ServerOptions } from '../server/server.js';
import { readWebhookSecrets, type WebhookSecrets } from '../server/webhooks.js';
import { isLoopback, listen } from './address.js';
import { withProgress } from './progress.js';
import type { ServeSettings } from './serve-options.js';
import { stopped } from './stop.js';
import { ownTokenSecret } from './token-secret.js';
import { UsageError } from './usage.js';
import { version } from './version.js';
import { example, openBeside } from './welcome.js';

/**
 * Serves until it is to stop; then what was accepted is finished first. A recovery is finished too:
 * it leaves off where a wallet can be closed.
 */
export async function serveWallet(settings: ServeSettings, stop: AbortSignal): Promise<number> {
  guardOpenDoor(settings);
  // Before anything is made: what is malformed leaves no trace.
  const secrets = webhookSecrets();
  // The server is loaded while the partitions recover.
  const [wallet, { createServer }] = await Promise.all([
    open(settings),
    import('../server/server.js'),
  ]);
  try {
    if (stop.aborted) return 0;
    const app = createServer(wallet, serverOptions(settings, secrets));
    await serveUntilStopped(app, settings, stop);
  } finally {
    await wallet.close();
  }
  return 0;
}

/** A proxy brings others to a loopback address too. */
function guardOpenDoor({
  host,
  'api-keys': apiKeys,
  'trusted-proxies': proxies,
}: ServeSettings): void {
  const isLocal = isLoopback(host);
  if (isLocal && proxies === undefined) return;
  const through = isLocal ? ' through --trusted-proxies' : '';
  const reason = `${host} can be reached from outside${through}: `;
  if (apiKeys === undefined) throw new UsageError(`${reason}PURSER_API_KEYS is required`);
  if (!apiKeys.some(({ isShort }) => isShort)) return;
  const least = `a key of fewer than ${SHORTEST_KEY_BYTES} characters`;
  process.stderr.write(`warning: ${reason}PURSER_API_KEYS has ${least}, which can be guessed\n`);
}

function open(settings: ServeSettings): Promise<Wallet> {
  const { data: dataDir, partitions, dialect, currency, durability } = settings;
  return withProgress((onProgress) =>
    openWallet({
      dataDir,
      dialect,
      currency,
      durability,
      initialBalance: settings['initial-balance'],
      onProgress,
      ...(partitions !== undefined && { partitions }),
    }),
  );
}

function serverOptions(settings: ServeSettings, secrets: WebhookSecrets): ServerOptions {
  const { 'api-keys': apiKeys, 'hub88-public-key': hub88PublicKey, origins } = settings;
  const trustedProxies = settings['trusted-proxies'];
  return {
    version,
    logLevel: settings.log,
    tokenSecret: settings['token-secret'] ?? ownTokenSecret(settings.data),
    webhookSecrets: secrets,
    selfTopUp: settings['self-topup'] === 'true',
    loginsAMinute: settings['login-rate'],
    ...(apiKeys && { apiKeys }),
    ...(hub88PublicKey && { hub88PublicKey }),
    ...(origins && { origins }),
    ...(trustedProxies && { trustedProxies }),
  };
}

function webhookSecrets(): WebhookSecrets {
  try {
    return readWebhookSecrets(process.env);
  } catch (cause) {
    throw new UsageError(reasonOf(cause), { cause });
  }
}

async function serveUntilStopped(
  app: Server,
  settings: ServeSettings,
  stop: AbortSignal,
): Promise<void> {
  const { 'api-keys': apiKeys, 'hub88-public-key': hub88PublicKey } = settings;
  const url = await listen(app, settings.host, settings.port);
  if (!apiKeys) process.stderr.write(hub88PublicKey ? openBeside : example(url, settings.currency));
  process.stdout.write(`purser listening on ${url}\n`);
  await stopped(stop);
  await drain(app);
}
