import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { Server } from './server.js';

/** A connection on which a test writes its own bytes. */
export class RawConnection {
  readonly #socket: Socket;
  #heard = '';

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.setEncoding('latin1').on('data', (text: string) => {
      this.#heard += text;
    });
    // A reset is one of the ways in which a server may end it.
    socket.on('error', () => {});
  }

  get heard(): string {
    return this.#heard;
  }

  write(text: string): void {
    this.#socket.write(text);
  }

  /** Resolves when what came back holds the text, or as often as it is repeated. */
  async hears(text: string, times = 1): Promise<string> {
    while (this.#heard.split(text).length <= times) {
      if (this.#socket.destroyed) throw new Error(`closed after: ${this.#heard}`);
      const heard = new AbortController();
      const { signal } = heard;
      await Promise.race(['data', 'close'].map((name) => once(this.#socket, name, { signal })));
      heard.abort();
    }
    return this.#heard;
  }

  /** Resolves to all that came back when the server has closed the connection. */
  async ends(): Promise<string> {
    if (!this.#socket.destroyed) await once(this.#socket, 'close');
    return this.#heard;
  }

  close(): void {
    this.#socket.destroy();
  }
}

export async function rawConnection({ url }: Server): Promise<RawConnection> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  await once(socket, 'connect');
  return new RawConnection(socket);
}

/** The text of a POST, whole. */
export function post(path: string, body: unknown): string {
  const text = JSON.stringify(body);
  return `${postHead(path, Buffer.byteLength(text))}${text}`;
}

/** The text of a POST up to its body. */
export function postHead(path: string, bytes: number): string {
  return [
    `POST ${path} HTTP/1.1`,
    'Host: purser',
    'Content-Type: application/json',
    `Content-Length: ${bytes}`,
    '',
    '',
  ].join('\r\n');
}
