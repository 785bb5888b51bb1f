import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';

/** What a connection carries, piece by piece, and whether the client waits at its end. */
export interface Conversation {
  readonly pieces: readonly Buffer[];
  /** Between two pieces; 0: they go out at once. */
  readonly pauseMs: number;
  /** `end`: no more comes; `leave`: the connection is torn down; `wait`: the server ends it. */
  readonly end: 'end' | 'leave' | 'wait';
}

/** What came back, and whether the server closed the connection in time. */
export interface Heard {
  readonly bytes: Buffer;
  readonly isClosed: boolean;
}

const QUIET_MS = 20;
const CLOSED_MS = 10_000;

/** Opens a connection on which everything that comes back is kept. */
export async function open(url: string): Promise<{ socket: Socket; heard: Buffer[] }> {
  const { hostname, port } = new URL(url);
  const socket = connect({ port: Number(port), host: hostname, noDelay: true });
  const heard: Buffer[] = [];
  await once(socket, 'connect');
  socket.on('data', (chunk: Buffer) => heard.push(chunk));
  // A reset is one of the ways in which a server may end it.
  socket.on('error', () => {});
  return { socket, heard };
}

/** Says all of it and waits until the server has closed the connection. */
export async function converse(url: string, conversation: Conversation): Promise<Heard> {
  const { socket, heard } = await open(url);
  for (const [index, piece] of conversation.pieces.entries()) {
    if (index > 0 && conversation.pauseMs > 0) await wait(conversation.pauseMs);
    if (!socket.writable) break;
    socket.write(piece);
  }
  if (conversation.end === 'leave') socket.destroy();
  if (conversation.end === 'end') {
    await becomesQuiet(socket);
    socket.end();
  }
  const isClosed = await closes(socket, CLOSED_MS);
  socket.destroy();
  return { bytes: Buffer.concat(heard), isClosed };
}

/** Waits a little for an answer: a half-closed connection gets none. */
async function becomesQuiet(socket: Socket): Promise<void> {
  const heard = new Promise((resolve) => socket.once('data', resolve).once('close', resolve));
  await Promise.race([heard, wait(QUIET_MS)]);
}

/** Whether the other side closes the connection within this time; a reset closes it too. */
export async function closes(socket: Socket, ms: number): Promise<boolean> {
  if (socket.closed) return true;
  const closed = new Promise<true>((resolve) => socket.once('close', () => resolve(true)));
  return await Promise.race([closed, wait(ms, false, { ref: false })]);
}
