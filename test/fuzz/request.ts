import { Agent, request } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { Packr } from 'msgpackr';
import type { Json } from '../support/exchange.js';

/** A request as it goes out; header values are bytes, one character each. */
export interface HttpRequest {
  readonly method: string;
  /** With its query, and with what must be escaped escaped. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Buffer;
}

export interface Answer {
  readonly status: number;
  readonly type: string;
  readonly etag: string | undefined;
  readonly body: Json;
}

/** No answer takes longer than this, on a busy machine too. */
const ANSWER_MS = 15_000;

export const MSGPACK = 'application/msgpack';
export const packr: Packr = new Packr({ useRecords: false, int64AsType: 'number' });
const agent = new Agent({ keepAlive: true, maxSockets: 4 });

/** Sends it and reads the answer; rejects when there is none, or none that can be read. */
export async function send(url: string, asked: HttpRequest): Promise<Answer> {
  const { method, path, headers: given, body } = asked;
  // Of its own accord Node tells no length of a body that comes with a GET.
  const length = body === undefined ? {} : { 'content-length': body.length };
  const headers = { ...given, ...length };
  const { hostname, port } = new URL(url);
  const signal = AbortSignal.timeout(ANSWER_MS);
  return new Promise((resolve, reject) => {
    const options = { agent, hostname, port, method, path, headers, signal };
    const sent = request(options, (response) => {
      const { statusCode: status = 0, headers: told } = response;
      const type = told['content-type']?.split(';')[0] ?? '';
      buffer(response)
        .then((bytes) => resolve({ status, type, etag: told.etag, body: readBody(type, bytes) }))
        .catch(reject);
    });
    sent.on('error', reject).end(body);
  });
}

function readBody(type: string, bytes: Buffer): Json {
  if (type === MSGPACK) return packr.unpack(bytes) as Json;
  return /json/.test(type) ? JSON.parse(bytes.toString()) : bytes.toString();
}

/** The bytes of a request on the wire. */
export function wireBytes({ method, path, headers, body }: HttpRequest): Buffer {
  const length = body === undefined ? {} : { 'content-length': `${body.length}` };
  const lines = Object.entries({ host: 'purser', ...headers, ...length }).map(
    ([name, value]) => `${name}: ${value}`,
  );
  const head = [`${method} ${path} HTTP/1.1`, ...lines, '', ''].join('\r\n');
  return Buffer.concat([Buffer.from(head, 'latin1'), body ?? Buffer.alloc(0)]);
}

const SHOWN = 600;

/** Bytes as one can read them in a report, and paste them into a test. */
export function shown(bytes: Buffer): string {
  const text = JSON.stringify(bytes.toString('latin1'));
  return text.length <= SHOWN ? text : `${text.slice(0, SHOWN)}… (${bytes.length} bytes)`;
}

export function shownRequest(asked: HttpRequest): string {
  return shown(wireBytes(asked));
}
