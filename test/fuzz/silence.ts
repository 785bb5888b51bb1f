import type { Socket } from 'node:net';
import { wireBytes } from './request.js';
import type { Plan, Tried } from './search.js';
import { API_KEY } from './server.js';
import { closes, open } from './wire.js';
import type { World } from './world.js';

/** The server's own limits (src/server/limits.ts), and how late it may notice. */
const HEADERS_MS = 10_000;
const REQUEST_MS = 30_000;
const IDLE_MS = 72_000;
const LATE_MS = 6_000;
const DRIP_MS = 700;

const whole = wireBytes({
  method: 'POST',
  path: '/user/balance',
  headers: { authorization: `Bearer ${API_KEY}`, 'content-type': 'application/json' },
  body: Buffer.from(`{"user":"alice","request_uuid":"${crypto.randomUUID()}"}${' '.repeat(200)}`),
});
const headEnd = whole.indexOf('\r\n\r\n') + 4;

/** How far a client comes before it says nothing more, or one byte now and then. */
interface Slow {
  readonly what: string;
  readonly at: number;
  readonly drips: boolean;
  readonly limitMs: number;
}

const slow: readonly Slow[] = [
  { what: 'nothing at all', at: 0, drips: false, limitMs: HEADERS_MS },
  { what: 'a part of the first line', at: 9, drips: false, limitMs: HEADERS_MS },
  { what: 'a part of the headers', at: headEnd - 20, drips: false, limitMs: HEADERS_MS },
  { what: 'headers that drip', at: 1, drips: true, limitMs: HEADERS_MS },
  { what: 'no body', at: headEnd, drips: false, limitMs: REQUEST_MS },
  { what: 'a part of the body', at: headEnd + 20, drips: false, limitMs: REQUEST_MS },
  { what: 'a body that drips', at: headEnd + 1, drips: true, limitMs: REQUEST_MS },
  { what: 'a whole request, and no other', at: whole.length, drips: false, limitMs: IDLE_MS },
];

/** Connections that nothing more comes from; the server must end each in its time. */
export async function silence(world: World, { seed }: Plan): Promise<Tried> {
  const faults = await Promise.all(slow.map((one) => faultOfSlow(world.url, one)));
  const found = faults.filter((fault) => fault !== undefined);
  return { inputs: slow.length, faults: found.map((fault) => `silence, seed ${seed}: ${fault}`) };
}

async function faultOfSlow(url: string, one: Slow): Promise<string | undefined> {
  const { socket, heard } = await open(url);
  socket.write(whole.subarray(0, one.at));
  const drip = one.drips ? setInterval(() => dripInto(socket, one.at), DRIP_MS) : undefined;
  const isClosed = await closes(socket, one.limitMs + LATE_MS);
  clearInterval(drip);
  socket.destroy();
  const said = Buffer.concat(heard).toString('latin1').split('\r\n')[0] ?? '';
  if (!isClosed) return `${one.what}: still open after ${one.limitMs + LATE_MS} ms`;
  const isRight = said === '' || /^HTTP\/1\.1 (200|408) /.test(said);
  return isRight ? undefined : `${one.what}: ${said}`;
}

/** The next byte: how many went out, the socket knows. */
function dripInto(socket: Socket, from: number): void {
  const at = Math.max(from, socket.bytesWritten);
  if (socket.writable && at < whole.length) socket.write(whole.subarray(at, at + 1));
}
