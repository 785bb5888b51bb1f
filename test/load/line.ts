import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** An answer as it came. */
export interface Answer {
  readonly status: number;
  readonly head: string;
  readonly body: string;
}

/** Undefined: the connection ended before the answer. */
export type OnAnswer = (answer: Answer | undefined) => void;

/**
 * A connection that costs its client as little as it can: requests are ready bytes, answers are cut by
 * their lengths. Several may be under way; they are answered in their order.
 */
export class Line {
  readonly #socket: Socket;
  readonly #waiting: OnAnswer[] = [];
  readonly #senders: (() => void)[] = [];
  #unsent = 0;
  #text = '';

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setNoDelay(true).setEncoding('latin1');
    socket.on('data', (chunk: string) => this.#read(chunk));
    socket.on('error', () => {});
    socket.on('close', () => {
      for (const tell of this.#waiting.splice(0)) tell(undefined);
    });
  }

  static async open(port: number): Promise<Line> {
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    return new Line(socket);
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  get isOpen(): boolean {
    return !this.#socket.destroyed && this.#socket.writable;
  }

  send(request: string | Buffer, tell: OnAnswer): void {
    this.#waiting.push(tell);
    this.#unsent += 1;
    const sent = (): void => {
      if (--this.#unsent === 0) for (const go of this.#senders.splice(0)) go();
    };
    if (typeof request === 'string') this.#socket.write(request, 'latin1', sent);
    else this.#socket.write(request, sent);
  }

  /** Resolves when nothing waits to be sent. */
  async sent(): Promise<void> {
    if (this.#unsent > 0) await new Promise<void>((resolve) => this.#senders.push(resolve));
  }

  close(): void {
    this.#socket.destroy();
  }

  #read(chunk: string): void {
    this.#text += chunk;
    for (;;) {
      const end = this.#text.indexOf('\r\n\r\n');
      if (end < 0) return;
      const head = this.#text.slice(0, end).toLowerCase();
      const length = Number(/content-length: (\d+)/.exec(head)?.[1] ?? 0);
      const next = end + 4 + length;
      if (this.#text.length < next) return;
      const body = this.#text.slice(end + 4, next);
      this.#text = this.#text.slice(next);
      this.#waiting.shift()?.({ status: Number(head.slice(9, 12)), head, body });
    }
  }
}

/** The text of a request; its body is ASCII. */
export function post(path: string, body: string, key?: string): string {
  const keyLine = key === undefined ? '' : `idempotency-key: ${key}\r\n`;
  return (
    `POST ${path} HTTP/1.1\r\nhost: purser\r\ncontent-type: application/json\r\n${keyLine}` +
    `content-length: ${body.length}\r\n\r\n${body}`
  );
}

export function get(path: string): string {
  return `GET ${path} HTTP/1.1\r\nhost: purser\r\n\r\n`;
}
