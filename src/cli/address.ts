import { BlockList, isIP, isIPv6 } from 'node:net';
import { limits } from '../server/limits.js';
import type { Server } from '../server/server.js';
import { UsageError } from './usage.js';

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

/** Whether only programs of this machine reach the address. */
export function isLoopback(host: string): boolean {
  if (isIP(host) === 0) return host === 'localhost';
  return loopback.check(host, isIPv6(host) ? 'ipv6' : 'ipv4');
}

type Reason = (host: string, port: number) => string;

const reasons: Readonly<Record<string, Reason>> = {
  EADDRINUSE: (host, port) => `port ${port} of ${host} is in use`,
  EACCES: (host, port) => `port ${port} of ${host} is not allowed to this user`,
  EADDRNOTAVAIL: (host) => `${host} is no address of this machine`,
  ENOTFOUND: (host) => `${host} is no address that can be found`,
};

/** Listens and returns the address for a browser, or throws UsageError with the reason. */
export async function listen(app: Server, host: string, port: number): Promise<string> {
  try {
    // Fastify would open a second server for the other family, which a drain does not know of.
    const backlog = limits.backlog_connections;
    await app.listen({ host: host === 'localhost' ? '127.0.0.1' : host, port, backlog });
  } catch (cause) {
    const { code = '' } = cause as NodeJS.ErrnoException;
    const reason = reasons[code]?.(host, port);
    throw reason === undefined ? cause : new UsageError(reason, { cause });
  }
  const bound = app.server.address();
  const listening = typeof bound === 'object' && bound !== null ? bound.port : port;
  return `http://${isIPv6(host) ? `[${host}]` : host}:${listening}`;
}
