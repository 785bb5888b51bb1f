import { Agent, type IncomingHttpHeaders, type OutgoingHttpHeaders, request } from 'node:http';
import { text } from 'node:stream/consumers';

export type Json =
  | null
  | boolean
  | number
  | string
  | readonly Json[]
  | { readonly [name: string]: Json };

/** An answer, read to its end; a body that is no JSON is its text. */
export interface Reply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Json;
}

const agent = new Agent({ keepAlive: true });

/** Sends a request as it is: the path is not normalized, and headers that are lists are not joined. */
export async function exchange(
  url: string,
  method: string,
  path: string,
  headers: OutgoingHttpHeaders = {},
  body?: string,
): Promise<Reply> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const sent = request({ agent, hostname, port, method, path, headers }, (response) => {
      const { statusCode: status = 0, headers: told } = response;
      text(response).then(
        (content) => resolve({ status, headers: told, body: parsed(content, told) }),
        reject,
      );
    });
    sent.on('error', reject).end(body);
  });
}

function parsed(content: string, headers: IncomingHttpHeaders): Json {
  return /json/.test(headers['content-type'] ?? '') ? JSON.parse(content) : content;
}

/** Takes an error that says that a server is gone, or never was there; throws every other one. */
export function isGone(error: NodeJS.ErrnoException): undefined {
  if (!['ECONNREFUSED', 'ECONNRESET', 'EPIPE'].includes(error.code ?? '')) throw error;
}

export function isGood({ status }: Reply): boolean {
  return status >= 200 && status < 300;
}

/** The member at a path such as `data.0.entitlement_id`; null where there is none. */
export function at(value: Json, path: string): Json {
  let found: Json | undefined = value;
  for (const name of path.split('.')) {
    found = (found as Readonly<Record<string, Json>> | null | undefined)?.[name];
  }
  return found ?? null;
}
