import * as fc from 'fast-check';
import { openApiOf } from '../support/openapi.js';
import { readAnswers } from './answers.js';
import { type Damage, damaged, damages } from './damage.js';
import { operationsOf, requestsOf } from './operations.js';
import { type HttpRequest, shown, wireBytes } from './request.js';
import { type Plan, search, type Tried, together } from './search.js';
import { API_KEY } from './server.js';
import { slow } from './structure.js';
import { type Conversation, converse } from './wire.js';
import type { World } from './world.js';

/** Requests as bytes: damaged, cut into pieces, several on one connection. */
export async function bytes(world: World, { seed, runs }: Plan): Promise<Tried> {
  const operations = operationsOf(await openApiOf(world.url));
  const quick = operations.filter(({ id }) => !slow.includes(id));
  const requests = fc.oneof(...quick.map((operation) => requestsOf(operation, world)));
  const { url } = world;
  const broken = (input: Conversation) => faultOfBroken(url, input);
  const whole = (input: Whole) => faultOfWhole(url, input);
  return await together([
    () => search('broken bytes', brokenBytes(requests), { seed, runs }, broken, shownPieces),
    () =>
      search(
        'pipelined',
        wholeRequests,
        { seed, runs: Math.ceil(runs / 10) },
        whole,
        JSON.stringify,
      ),
    () => search('alive', fc.constant(url), { seed, runs: 1 }, faultOfHealth, String),
  ]);
}

function shownPieces({ pieces, pauseMs, end }: Conversation): string {
  return `${shown(Buffer.concat(pieces))} in ${pieces.length} pieces, ${pauseMs} ms apart, ${end}`;
}

const lines = [
  ...[
    '\r\n',
    '\r\n\r\n',
    '\n',
    '\r',
    '\0',
    ' ',
    '\t',
    ':',
    '%',
    '%00',
    '%ff',
    'HTTP/1.1',
    'HTTP/9.9',
  ],
  ...[
    '\r\nContent-Length: 5\r\n',
    '\r\nContent-Length: -1\r\n',
    '\r\nContent-Length: 99999999999\r\n',
  ],
  ...[
    '\r\nTransfer-Encoding: chunked\r\n',
    '\r\nTransfer-Encoding: gzip, chunked\r\n',
    '\r\n0\r\n\r\n',
  ],
  ...[
    '\r\nTransfer-Encoding: chunked, identity\r\n',
    '\r\nffffffffffffffff\r\n',
    '\r\n-1\r\n',
    '\r\n5;a=b\r\n',
  ],
  ...[
    '\r\nExpect: 100-continue\r\n',
    '\r\nExpect: x\r\n',
    '\r\nUpgrade: websocket\r\nConnection: upgrade\r\n',
  ],
  ...[
    '\r\nConnection: close\r\n',
    '\r\nHost: a\r\nHost: b\r\n',
    '\r\n folded: x\r\n',
    '\r\nContent-Encoding: gzip\r\n',
  ],
  ...[
    'GET http://x/ HTTP/1.1\r\n\r\n',
    'CONNECT a:1 HTTP/1.1\r\n\r\n',
    'OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n',
  ],
  ...[
    'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
    '\x16\x03\x01\x02\x00\x01\x00',
    'GET /docs/../../x HTTP/1.1\r\n',
  ],
  ...[
    'TRACE / HTTP/1.1\r\nHost: a\r\n\r\n',
    'DELETE /v1/items/x HTTP/1.1\r\nHost: a\r\n\r\n',
    '{',
    '"',
    '[[',
  ],
].map((text) => new Uint8Array(Buffer.from(text, 'latin1')));

const strange: fc.Arbitrary<Uint8Array> = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...lines) },
  { weight: 2, arbitrary: fc.uint8Array({ minLength: 1, maxLength: 20 }) },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom(9_000, 20_000, 80_000)
      .map((length) => new Uint8Array(length).fill(120)),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom(100, 3_000).map((times) => Buffer.from('a: b\r\n'.repeat(times))),
  },
);

function brokenBytes(requests: fc.Arbitrary<HttpRequest>): fc.Arbitrary<Conversation> {
  return fc
    .record({
      all: fc.array(requests, { minLength: 1, maxLength: 4 }),
      damage: fc.array(damages(strange), { maxLength: 3 }),
      cuts: fc.array(fc.nat(9_999), { maxLength: 4 }),
      pauseMs: fc.constantFrom(0, 0, 0, 1, 5),
      end: fc.constantFrom('end', 'end', 'end', 'leave'),
    })
    .map(({ all, damage, cuts, pauseMs, end }) => {
      const text = damaged(Buffer.concat(all.map(wireBytes)), damage satisfies Damage[]);
      return { pieces: piecesOf(text, cuts), pauseMs, end };
    });
}

function piecesOf(text: Buffer, cuts: readonly number[]): Buffer[] {
  const places = cuts.map((cut) => Math.floor((cut / 10_000) * text.length)).sort((a, b) => a - b);
  return [0, ...places].map((from, index) => text.subarray(from, places[index] ?? text.length));
}

async function faultOfBroken(url: string, conversation: Conversation): Promise<string | undefined> {
  const { bytes: heard, isClosed } = await converse(url, conversation);
  const text = heard.toString('latin1');
  if (!isClosed) return `the connection is not closed after: ${text.slice(-300)}`;
  const { answers, rest } = readAnswers(text);
  const wrong = answers.find(({ status }) => status >= 500);
  if (wrong !== undefined) return `${wrong.status}: ${wrong.body.slice(0, 300)}`;
  // The last answer may be cut off, by a reset.
  if (rest !== '' && !'HTTP/1.1 '.startsWith(rest.slice(0, 9)))
    return `no HTTP: ${rest.slice(0, 300)}`;
  return undefined;
}

/** Requests that are all right, on one connection, however their bytes come. */
interface Whole {
  readonly ids: readonly string[];
  readonly cuts: readonly number[];
  readonly pauseMs: number;
}

const wholeRequests: fc.Arbitrary<Whole> = fc.record({
  ids: fc.uniqueArray(fc.uuid(), { minLength: 1, maxLength: 12 }),
  cuts: fc.array(fc.nat(9_999), { maxLength: 24 }),
  pauseMs: fc.constantFrom(0, 1, 5),
});

const headers = { authorization: `Bearer ${API_KEY}`, 'content-type': 'application/json' };

function balanceRequest(id: string, isLast: boolean): HttpRequest {
  const body = Buffer.from(JSON.stringify({ user: 'alice', request_uuid: id }));
  const all = isLast ? { ...headers, connection: 'close' } : headers;
  return { method: 'POST', path: '/user/balance', headers: all, body };
}

async function faultOfWhole(
  url: string,
  { ids, cuts, pauseMs }: Whole,
): Promise<string | undefined> {
  const requests = ids.map((id, index) => balanceRequest(id, index === ids.length - 1));
  const pieces = piecesOf(Buffer.concat(requests.map(wireBytes)), cuts);
  const { bytes: heard, isClosed } = await converse(url, { pieces, pauseMs, end: 'wait' });
  const { answers } = readAnswers(heard.toString('latin1'));
  if (!isClosed) return 'the connection is not closed after its last answer';
  if (answers.length !== ids.length) return `${answers.length} answers to ${ids.length} requests`;
  const other = answers.findIndex(({ status, body }, index) => {
    return status !== 200 || !body.includes(ids[index] ?? '');
  });
  return other < 0 ? undefined : `answer ${other} is another's: ${answers[other]?.body}`;
}

async function faultOfHealth(url: string): Promise<string | undefined> {
  const { status } = await fetch(`${url}/health`);
  return status === 200 ? undefined : `/health answers ${status}`;
}
